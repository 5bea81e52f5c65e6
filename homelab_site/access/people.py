"""The users of this site whom the identity provider knows."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Any

from django.contrib.auth.models import User
from django.db import IntegrityError, transaction

from homelab_site.access.models import Identity

ADMINS = "homelab-admins"
"""The group of the identity provider whose members are staff."""

LONGEST_NAME = 150
LONGEST_EMAIL = 254


def known_person(issuer: str, subject: str) -> User | None:
    """Return the user with an identity; a user who merely has the same name or e-mail address is somebody else."""
    identity = Identity.objects.select_related("user").filter(issuer=issuer, subject=subject).first()
    return identity.user if identity else None


def new_person(issuer: str, claims: Mapping[str, Any]) -> User:
    """Make a user, who has no password, for somebody who is here for the first time, in two windows perhaps."""
    try:
        return _made(issuer, claims)
    except IntegrityError:
        user = known_person(issuer, claims["sub"])
        if user is None:
            raise
        return user


@transaction.atomic
def _made(issuer: str, claims: Mapping[str, Any]) -> User:
    user = User(username=_free_name(issuer, claims, None))
    user.set_unusable_password()
    _take(user, claims)
    user.save()
    Identity.objects.create(user=user, issuer=issuer, subject=claims["sub"])
    return user


def keep_current(user: User, issuer: str, claims: Mapping[str, Any]) -> User:
    """Let a user be called, reached and allowed what the identity provider says now."""
    before = _kept(user)
    user.username = _free_name(issuer, claims, user.pk)
    _take(user, claims)
    if _kept(user) != before:
        user.save(update_fields=["username", "email", "is_staff", "is_superuser"])
    return user


def is_admin(claims: Mapping[str, Any]) -> bool:
    groups = claims.get("groups")
    return isinstance(groups, list) and ADMINS in groups


def _take(user: User, claims: Mapping[str, Any]) -> None:
    user.email = _text(claims, "email")[:LONGEST_EMAIL]
    # The house has one kind of administrator, and staff without permissions would see an empty admin.
    user.is_staff = user.is_superuser = is_admin(claims)


def _kept(user: User) -> tuple[str, str, bool, bool]:
    return user.username, user.email, user.is_staff, user.is_superuser


def _free_name(issuer: str, claims: Mapping[str, Any], pk: int | None) -> str:
    """Return what somebody is called; with a sign of who it is where another user has that name already."""
    sign = sha256(f"{issuer} {claims['sub']}".encode(errors="replace")).hexdigest()[:8]
    name = _text(claims, "preferred_username")[: LONGEST_NAME - len(sign) - 1] or "user"
    others = User.objects.filter(username=name)
    is_taken = (others if pk is None else others.exclude(pk=pk)).exists()
    return f"{name}-{sign}" if is_taken or name == "user" else name


def _text(claims: Mapping[str, Any], name: str) -> str:
    value = claims.get(name)
    return value.replace("\x00", "") if isinstance(value, str) else ""
