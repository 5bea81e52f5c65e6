import stat
from pathlib import Path

import pytest

from homelab_site.stack import secrets


def test_a_secret_is_made_once_and_kept(tmp_path: Path) -> None:
    key, password = secrets.secret_key(tmp_path), secrets.login_password(tmp_path)
    assert len(key) >= 50
    assert len(password) >= 12
    assert (secrets.secret_key(tmp_path), secrets.login_password(tmp_path)) == (key, password)


def test_each_directory_has_secrets_of_its_own(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    assert secrets.secret_key(tmp_path) != secrets.secret_key(tmp_path / "other")


def test_only_its_owner_can_read_a_secret(tmp_path: Path) -> None:
    secrets.secret_key(tmp_path)
    (file,) = tmp_path.iterdir()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_file_that_was_left_empty_is_filled(tmp_path: Path) -> None:
    secrets.secret_key(tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_text("")
    assert secrets.secret_key(tmp_path)


def test_a_write_that_was_interrupted_leaves_no_half_of_a_secret(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def power_cut(self: Path, text: str) -> int:
        with self.open("w") as file:
            file.write(text[:5])
        raise OSError("no power")

    with monkeypatch.context() as patch, pytest.raises(OSError, match="no power"):
        patch.setattr(Path, "write_text", power_cut)
        secrets.secret_key(tmp_path)
    key = secrets.secret_key(tmp_path)
    assert len(key) >= 50
    (file,) = tmp_path.iterdir()
    assert file.read_text() == key


def test_a_directory_in_place_of_a_secret_is_an_error_that_names_it(tmp_path: Path) -> None:
    (tmp_path / "secret_key").mkdir()
    with pytest.raises(OSError, match="secret_key"):
        secrets.secret_key(tmp_path)
