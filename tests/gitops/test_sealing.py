"""The script of `manage.py secrets_help`, run with the real kubectl; kubeseal is a stand-in that hides nothing."""

import os
import shutil
import subprocess
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.core.management import call_command

from homelab_site.sealing import InventoryError, commands, read_inventory, unsealed
from tests.gitops.tree import ROOT, Tree, needs_kubectl

INVENTORY = Path("gitops/secrets.inventory.yaml")
ASKED_FOR = dict.fromkeys(
    ("TUNNEL_TOKEN", "BUCKET_KEY_ID", "BUCKET_SECRET_KEY", "FLUX_WEBHOOK", "ALERT_WEBHOOK"), "asked-for"
)
KUBESEAL = "#!/bin/sh\n[ \"$*\" = '--cert pub.pem --format yaml' ] && sed 's/^kind: Secret/kind: SealedSecret/'\n"
PASSWD = '#!/bin/sh\n[ "$1" = -b ] && echo "$3:hashed" >> "$2"\n'


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    needs_kubectl()
    shutil.copytree(ROOT / "gitops", tmp_path / "gitops")
    (tmp_path / "bin").mkdir()
    for name, script in (("kubeseal", KUBESEAL), ("mosquitto_passwd", PASSWD)):
        program = tmp_path / "bin" / name
        program.write_text(script)
        program.chmod(0o755)
    return tmp_path


def run(checkout: Path, **values: str) -> subprocess.CompletedProcess[str]:
    script = "\n".join(commands(read_inventory(checkout / INVENTORY), checkout))
    env = {"PATH": f"{checkout / 'bin'}:{os.environ['PATH']}", "HOME": str(checkout), **values}
    argv = ["bash", "-c", script]
    return subprocess.run(argv, cwd=checkout, env=env, capture_output=True, text=True, check=False, timeout=120)


def test_the_script_seals_every_secret_and_then_nothing_is_left(checkout: Path) -> None:
    done = run(checkout, **ASKED_FOR)
    assert done.returncode == 0, done.stderr
    inventory = read_inventory(checkout / INVENTORY)
    assert unsealed(inventory, checkout) == []
    assert list(commands(inventory, checkout)) == []
    there = list(Tree(checkout).of_kind("SealedSecret"))
    assert len(there) == len(inventory.secrets)
    made = {(one["metadata"]["namespace"], one["metadata"]["name"]): set(one["data"]) for one in there}
    assert made == {(entry.namespace, entry.name): set(entry.keys) for entry in inventory.secrets}


def test_what_two_secrets_share_is_not_made_anew_for_one_of_them(checkout: Path) -> None:
    assert run(checkout, **ASKED_FOR).returncode == 0
    (checkout / "gitops/apps/homelab/homelab-db/sealed/homelab-db-homelab-db.yaml").unlink()
    refused = run(checkout)
    assert refused.returncode != 0
    assert "set it to what homelab/homelab-site holds" in refused.stderr
    assert run(checkout, HOMELAB_DB_PASSWORD="the-same").returncode == 0


def test_the_command_prints_the_script_and_no_secret() -> None:
    out = StringIO()
    call_command("secrets_help", stdout=out)
    assert "kubectl create secret generic homelab-site -n homelab --dry-run=client" in out.getvalue()
    assert subprocess.run(["bash", "-n"], input=out.getvalue(), text=True, check=False).returncode == 0


def test_a_value_that_nothing_makes_is_named(tmp_path: Path) -> None:
    content = yaml.safe_load((ROOT / INVENTORY).read_text())
    del content["values"]["COOKIE_SECRET"]
    (tmp_path / "inventory.yaml").write_text(yaml.safe_dump(content))
    with pytest.raises(InventoryError, match="COOKIE_SECRET"):
        read_inventory(tmp_path / "inventory.yaml")
