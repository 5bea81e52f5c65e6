"""Who is who: nobody becomes somebody else by a name or an e-mail address."""

from typing import Any

import pytest
from django.contrib.auth.models import User

from homelab_site.access.people import keep_current, known_person, new_person

pytestmark = pytest.mark.django_db

ISSUER = "https://auth.example"


def claims(**more: Any) -> dict[str, Any]:
    return {"sub": "s1", "preferred_username": "anna", "email": "anna@example.com", **more}


def test_an_identity_is_known_by_issuer_and_subject() -> None:
    anna = new_person(ISSUER, claims())
    assert known_person(ISSUER, "s1") == anna
    assert known_person(ISSUER, "s2") is None
    assert known_person("https://another.example", "s1") is None


def test_who_has_the_name_and_address_of_a_local_user_is_somebody_else() -> None:
    local = User.objects.create_superuser("anna", "anna@example.com", "a password of anna")
    anna = new_person(ISSUER, claims())
    assert known_person(ISSUER, "s1") == anna != local
    assert anna.username.startswith("anna-")
    assert not anna.has_usable_password()
    assert not anna.is_staff


def test_a_name_that_becomes_free_is_taken_and_one_that_is_taken_is_left() -> None:
    local = User.objects.create_user("anna")
    anna = new_person(ISSUER, claims())
    local.delete()
    assert keep_current(anna, ISSUER, claims()).username == "anna"
    User.objects.create_user("bo")
    assert keep_current(anna, ISSUER, claims(preferred_username="bo")).username.startswith("bo-")


def test_who_comes_for_the_first_time_in_two_windows_is_one_user() -> None:
    assert new_person(ISSUER, claims()) == new_person(ISSUER, claims())
    assert User.objects.count() == 1


@pytest.mark.parametrize(
    ("groups", "staff"),
    [
        (["homelab-admins"], True), (["others", "homelab-admins"], True), (["homelab-admins-not"], False),
        ("homelab-admins", False), ({"homelab-admins": True}, False), ([], False), (None, False), (["other", 1], False),
    ],
)  # fmt: skip
def test_staff_are_the_members_of_one_group(groups: object, staff: bool) -> None:
    anna = new_person(ISSUER, claims())
    keep_current(anna, ISSUER, claims(groups=groups))
    anna.refresh_from_db()
    assert anna.is_staff is anna.is_superuser is staff
    keep_current(anna, ISSUER, claims())
    anna.refresh_from_db()
    assert not anna.is_staff
    assert not anna.is_superuser


@pytest.mark.parametrize("said", [{}, {"preferred_username": 7}, {"preferred_username": "a" * 500, "email": "b" * 500}])
def test_what_is_missing_or_odd_does_not_keep_anybody_out(said: dict[str, Any]) -> None:
    anna = new_person(ISSUER, {"sub": "s1", **said})
    anna.refresh_from_db()
    assert 0 < len(anna.username) <= 150
