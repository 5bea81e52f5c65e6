"""Every word of a page is there in Swedish, and what is compiled is what is written."""

import gettext
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings

from tests.lacking import lacks

CATALOGUES = sorted(settings.BASE_DIR.glob("**/locale/sv/LC_MESSAGES/django.po"))
SOURCES = ("bridge", "energy", "heatpump", "homelab_site", "k8s", "locale", "telemetry", "manage.py")


@pytest.fixture(autouse=True)
def _has_gettext() -> None:
    if shutil.which("msgfmt") is None:
        lacks("GNU gettext is not installed: `apt install gettext`")


def run(*command: str, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def words(compiled: Path) -> dict[object, str]:
    with compiled.open("rb") as file:
        catalogue: dict[object, str] = dict(gettext.GNUTranslations(file)._catalog)  # type: ignore[attr-defined] # no public way to see all
    return {key: text for key, text in catalogue.items() if key}


def test_there_are_catalogues() -> None:
    assert len(CATALOGUES) >= 4


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: path.parents[3].name)
def test_what_is_compiled_is_what_is_written(catalogue: Path, tmp_path: Path) -> None:
    run("msgfmt", "--check-format", "--output-file", str(tmp_path / "fresh.mo"), str(catalogue), cwd=tmp_path)
    assert words(tmp_path / "fresh.mo") == words(catalogue.with_suffix(".mo"))


def test_words_of_two_catalogues_are_translated_alike() -> None:
    """Django makes one of all, in which the translation of another place, with its own names in it, would be used."""
    met: dict[object, str] = {}
    for catalogue in (path for path in CATALOGUES if "site-packages" not in path.parts):
        for key, text in words(catalogue.with_suffix(".mo")).items():
            assert met.setdefault(key, text) == text, f"{key}, {catalogue}"


def test_every_word_of_the_sources_is_translated(tmp_path: Path) -> None:
    for name in SOURCES:
        source = settings.BASE_DIR / name
        if source.is_dir():
            shutil.copytree(source, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__", "static"))
        else:
            shutil.copy(source, tmp_path)
    run(sys.executable, "manage.py", "makemessages", "--locale", "sv", "--no-location", "--no-obsolete", cwd=tmp_path)
    for catalogue in tmp_path.glob("**/locale/sv/LC_MESSAGES/django.po"):
        untranslated = run("msgattrib", "--untranslated", "--no-wrap", str(catalogue), cwd=tmp_path)
        fuzzy = run("msgattrib", "--only-fuzzy", "--no-wrap", str(catalogue), cwd=tmp_path)
        missing = [
            line for line in (untranslated + fuzzy).splitlines() if line.startswith("msgid ") and line != 'msgid ""'
        ]
        assert not missing, f"{catalogue.relative_to(tmp_path)}: run `make messages` and translate them"
