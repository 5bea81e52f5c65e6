"""Who calls the API, until the tokens of the house's identity provider say so."""

import secrets
from dataclasses import dataclass
from typing import Any, ClassVar

from django.conf import settings
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request


@dataclass(frozen=True, slots=True)
class DevelopmentUser:
    """Whoever holds the development token: a user of the API, and nobody anywhere else."""

    pk: str = "development-token"
    username: str = "development token"
    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False


class DevelopmentTokenAuthentication(BaseAuthentication):
    """Takes `Authorization: Bearer` with the token of the setting API_DEVELOPMENT_TOKEN; there is none by default."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        """Return the user, or None if no bearer token came; raises AuthenticationFailed for any other token."""
        scheme, _, token = get_authorization_header(request).partition(b" ")
        if scheme.lower() != b"bearer":
            return None
        expected = settings.API_DEVELOPMENT_TOKEN.encode()
        if not expected or not secrets.compare_digest(token.strip(), expected):
            raise AuthenticationFailed("The token is not valid.")
        return DevelopmentUser(), None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
