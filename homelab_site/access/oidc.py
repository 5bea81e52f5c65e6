"""The login through the identity provider, and the check that it still holds: what mozilla-django-oidc leaves open.

The library's views keep state, nonce and PKCE. Its backend finds users by their e-mail address, checks neither issuer
nor audience of an ID token and waits for the provider without an end; so its steps are replaced here.
"""

from collections.abc import Mapping
from typing import Any

from django.contrib.auth.models import User
from django.core.exceptions import SuspiciousOperation
from django.http import HttpRequest
from django.utils.crypto import constant_time_compare
from mozilla_django_oidc.auth import OIDCAuthenticationBackend

from homelab_site.access import people
from homelab_site.access.provider import provider
from homelab_site.access.sessions import hold_for_login

GRANT = ("grant_type", "code", "redirect_uri", "code_verifier")


class OidcBackend(OIDCAuthenticationBackend):  # type: ignore[misc] # untyped
    """Knows people by issuer and subject. There is no password that it would take."""

    def __init__(self) -> None:
        # The library's would read endpoints from the settings, where none are: the provider is asked for them.
        self.UserModel = User
        self.OIDC_RP_CLIENT_ID = ""
        self.OIDC_RP_CLIENT_SECRET = ""

    def authenticate(
        self, request: HttpRequest | None, *, nonce: str | None, code_verifier: str | None, **kwargs: Any
    ) -> User | None:
        """Return who a code is about; raises SuspiciousOperation or UnavailableError.

        Both arguments have to be given, so that no other form of login ever gets here.
        """
        user: User | None = super().authenticate(request, nonce=nonce, code_verifier=code_verifier)
        return user

    def get_token(self, payload: Mapping[str, str]) -> dict[str, Any]:
        tokens = provider().tokens({name: payload[name] for name in GRANT if name in payload})
        hold_for_login(self.request.session, tokens)
        return {"id_token": tokens.id_token, "access_token": tokens.access_token}

    def verify_token(self, token: str | None, **kwargs: Any) -> Mapping[str, Any]:
        claims = provider().id_claims(token)
        nonce = kwargs.get("nonce")
        if not nonce or not constant_time_compare(str(claims.get("nonce")), nonce):
            raise SuspiciousOperation("The ID token belongs to another login.")
        return claims

    def store_tokens(self, access_token: str, id_token: str) -> None:
        """Do nothing: all of them are held already."""

    def get_userinfo(self, access_token: str, id_token: str, payload: Mapping[str, Any]) -> Mapping[str, Any]:
        return provider().user_info(access_token, payload["sub"])

    def verify_claims(self, claims: Mapping[str, Any]) -> bool:
        return True  # `user_info` has

    def filter_users_by_claims(self, claims: Mapping[str, Any]) -> list[User]:
        user = people.known_person(provider().issuer, claims["sub"])
        return [user] if user else []

    def create_user(self, claims: Mapping[str, Any]) -> User:
        return people.new_person(provider().issuer, claims)

    def update_user(self, user: User, claims: Mapping[str, Any]) -> User:
        return people.keep_current(user, provider().issuer, claims)

    def get_user(self, user_id: int) -> User | None:
        return User.objects.filter(pk=user_id, is_active=True).first()
