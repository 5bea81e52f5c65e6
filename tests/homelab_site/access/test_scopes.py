from types import SimpleNamespace
from typing import Any

import pytest

from homelab_site.access.scopes import ALL_SCOPES, READ_SCOPES, claimed_scopes, session_scopes

BOTH = {"read:energy", "write:settings"}


@pytest.mark.parametrize(
    "claims",
    [
        {"scope": "openid read:energy  write:settings"},
        {"scope": ["read:energy", "write:settings", "profile"]},
        {"scp": "read:energy write:settings"},
        {"scp": ["read:energy", "write:settings"]},
        {"read:energy": True, "write:settings": True},
        {"scope": "read:energy", "scp": None, "write:settings": True},
    ],
)
def test_scopes_come_in_every_shape(claims: dict[str, Any]) -> None:
    assert claimed_scopes(claims) == BOTH


@pytest.mark.parametrize(
    "claims",
    [
        {}, {"scope": None}, {"scope": 7}, {"scope": ""}, {"scope": {"read:energy": True}},
        {"scope": [["read:energy"]]}, {"scope": "READ:ENERGY"}, {"scope": "read:energyx"},
        {"scope": "read:energy,write:settings"}, {"scope": "admin *"}, {"scopes": "read:energy"},
        {"groups": ["read:energy"]}, {"read:energy": "true"}, {"read:energy": 1}, {"read:energy": False},
        {"read:energy": ["yes"]},
    ],
)  # fmt: skip
def test_anything_else_grants_nothing(claims: dict[str, Any]) -> None:
    assert claimed_scopes(claims) == frozenset()


def test_a_claim_that_is_false_counts_more_than_a_list() -> None:
    claims = {"scope": "read:energy write:settings", "scp": ["write:settings"], "write:settings": False}
    assert claimed_scopes(claims) == {"read:energy"}


@pytest.mark.parametrize(
    ("staff", "superuser", "scopes"),
    [(False, False, READ_SCOPES), (True, False, ALL_SCOPES), (False, True, ALL_SCOPES)],
)
def test_only_staff_may_write_in_a_session(staff: bool, superuser: bool, scopes: frozenset[str]) -> None:
    assert session_scopes(SimpleNamespace(is_staff=staff, is_superuser=superuser)) == scopes
