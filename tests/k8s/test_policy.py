import json
from pathlib import Path
from typing import Any

import pytest

from k8s.policy import PolicyError, load_policy
from tests.k8s.conftest import POLICY, ask, audited
from tests.k8s.recorder import Recorders

SMALL = "format: 1\nnamespaces:\n  homelab: {intents: [status, scale]}\n"


@pytest.mark.parametrize(
    ("content", "part"),
    [
        ("format: 2\nnamespaces: {}\n", "format"),
        ("namespaces: {}\n", "format"),
        ("format: 1\n", "namespaces"),
        ("format: 1\nnamespaces: {homelab: {intents: [restrat]}}\n", "did you mean restart"),
        ("format: 1\nnamespaces: {}\nneeds_confirmation: [scale-to-nil]\n", "did you mean scale-to-zero"),
        ("format: 1\nnamespaces: {HOMELAB: {intents: []}}\n", "namespaces"),
        ("format: 1\nnamespaces: {'-n': {intents: []}}\n", "namespaces"),
        ("format: 1\nnamespaces: {}\nnodes: ['--all']\n", "nodes"),
        ("format: 1\nnamespaces: {}\nmax_replicas: many\n", "max_replicas"),
        ("format: 1\nnamespaces: {}\nnamespaces: {}\n", "stands twice"),
        ('{"format": 1, "namespaces": {}, "namespaces": {}}', "stands twice"),
        ("format: [\n", "wrong"),
        ("- format\n", "wrong"),
        ("", "wrong"),
        ("format: !!python/object/apply:os.system [id]\n", "wrong"),
        ("&a [*a]\n", "wrong"),
    ],
)
def test_a_wrong_policy_refuses_every_call_and_says_why(
    recorders: Recorders, workplace: Path, content: str, part: str
) -> None:
    (workplace / "policy.json").write_text(content)
    answer = ask("status", namespace="homelab", name="api")
    assert (answer["status"], recorders.calls()) == ("refused", [])
    assert part in answer["validation"]["reasons"][0]
    assert audited()[0]["status"] == "refused"


def test_a_missing_policy_refuses_every_call_and_names_the_file(
    recorders: Recorders, workplace: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("K8S_POLICY_FILE", str(workplace / "nowhere.yaml"))
    answer = ask("status", namespace="homelab", name="api")
    assert answer["status"] == "refused"
    assert "nowhere.yaml cannot be read" in answer["validation"]["reasons"][0]


def test_yaml_and_json_are_both_read_and_unknown_members_ignored(workplace: Path) -> None:
    (workplace / "a.yaml").write_text(SMALL + "comment: [anything]\n")
    (workplace / "a.json").write_text(json.dumps({**POLICY, "more": {"x": 1}}))
    assert load_policy(workplace / "a.yaml").namespaces["homelab"].intents == {"status", "scale"}
    assert load_policy(workplace / "a.json").max_replicas == 5


def test_yaml_may_merge_mappings_and_json_may_escape_its_signs(workplace: Path) -> None:
    merged = "format: 1\nx: &x {intents: [status]}\nnamespaces: {a: {<<: *x}, b: {<<: *x, intents: [logs]}}\n"
    (workplace / "a.yaml").write_text(merged)
    (workplace / "a.json").write_text(json.dumps({**POLICY, "owner": "\N{HOUSE BUILDING}"}))
    namespaces = load_policy(workplace / "a.yaml").namespaces
    assert [sorted(namespaces[name].intents) for name in "ab"] == [["status"], ["logs"]]
    assert load_policy(workplace / "a.json").max_replicas == 5


def test_a_policy_that_does_not_say_what_needs_a_confirmation_has_all_of_it_confirmed(workplace: Path) -> None:
    (workplace / "a.yaml").write_text(SMALL)
    assert load_policy(workplace / "a.yaml").needs_confirmation == {
        *("scale-to-zero", "drain", "cordon", "job-restart", "flux-suspend")
    }


def test_a_policy_that_has_changed_counts_at_once(recorders: Recorders, workplace: Path) -> None:
    request: dict[str, Any] = {"namespace": "homelab", "name": "api"}
    assert ask("status", **request)["status"] == "done"
    (workplace / "policy.json").write_text("format: 1\nnamespaces: {}\n")
    assert ask("status", **request)["status"] == "refused"


def test_a_directory_is_no_policy(workplace: Path) -> None:
    with pytest.raises(PolicyError, match="cannot be read"):
        load_policy(workplace)
