"""The identity provider as a service of the stack; its logins are tested beside the site's."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from homelab_site.stack.child import StackError
from homelab_site.stack.services import Identity
from tests.away import silent_port
from tests.homelab_site.access.house import Browser


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    return tmp_path / "identity"


@pytest.fixture
def identity(directory: Path) -> Iterator[Identity]:
    service = Identity(directory)
    yield service
    service.stop()


def keys(service: Identity) -> list[str]:
    return [key["kid"] for key in Browser().get(f"{service.url}/.well-known/jwks.json").json()["keys"]]


def test_it_comes_back_as_the_same_after_it_was_killed_and_after_the_stack_was(identity: Identity) -> None:
    identity.start()
    before = (identity.environment(), keys(identity))
    identity.kill()
    again = Identity(identity.directory)
    try:
        again.start()
        assert (again.environment(), keys(again)) == before
    finally:
        again.stop()


def test_its_variables_name_it_as_an_issuer_of_tokens_and_the_site_as_its_client(identity: Identity) -> None:
    identity.start()
    variables = identity.environment()
    (issuer,) = json.loads(variables["OIDC_ISSUERS"])
    assert Browser().get(f"{issuer['issuer']}/.well-known/openid-configuration").json()["issuer"] == issuer["issuer"]
    assert variables["OIDC_RP_CLIENT_ID"] in issuer["audience"]


def test_it_speaks_the_browser_s_language(identity: Identity) -> None:
    identity.start()
    language: Any = {"Accept-Language": "sv-SE,sv;q=0.9,en;q=0.8"}
    swedish = Browser().get(f"{identity.url}/login/", **language).text
    assert '<html lang="sv">' in swedish
    assert "Husets inloggning" in swedish
    assert '<html lang="en">' in Browser().get(f"{identity.url}/login/").text


def test_a_port_that_somebody_else_has_is_not_exchanged(identity: Identity) -> None:
    identity.directory.mkdir()
    with silent_port() as port:
        (identity.directory / "port").write_text(str(port))
        with pytest.raises(StackError, match=f"^Port {port} is in use, and it is part of the identity provider's name"):
            identity.start()


def test_a_new_key_signs_and_the_one_before_stays_published(identity: Identity, settings: Any) -> None:
    identity.start()
    first = keys(identity)
    settings.DATA_DIR = identity.directory.parent
    call_command("rotate_identity_key")
    second = keys(identity)
    assert second[1:] == first
    call_command("rotate_identity_key")
    assert keys(identity)[1:] == second[:1]


def test_there_is_no_key_to_rotate_where_nothing_was_started(tmp_path: Path, settings: Any) -> None:
    settings.DATA_DIR = tmp_path
    with pytest.raises(CommandError, match="No identity provider has been started in"):
        call_command("rotate_identity_key")


def test_a_stranger_cannot_register_a_client(identity: Identity) -> None:
    identity.start()
    for path in ("applications/", "applications/register/", "register/", "device/", "admin/"):
        assert Browser().get(f"{identity.url}/{path}").status == 404
