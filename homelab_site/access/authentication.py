"""Who calls the API with a token. Whoever has a session is known by it without this."""

from dataclasses import dataclass
from typing import ClassVar

from django.conf import settings
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied, Throttled
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request

from homelab_site.access.bad_tokens import TooManyBadTokensError, verify_from
from homelab_site.access.middleware import address_of
from homelab_site.access.origins import is_from_another_site
from homelab_site.access.proxies import brought_token
from homelab_site.access.tokens import AccessToken, TokenError


@dataclass(frozen=True, slots=True)
class TokenUser:
    """The holder of a token: a user of the API, and nobody anywhere else."""

    pk: str
    username: str | None
    email: str | None
    is_authenticated: ClassVar[bool] = True
    is_active: ClassVar[bool] = True
    is_staff: ClassVar[bool] = False


class TokenAuthentication(BaseAuthentication):
    """Takes a token from a trusted proxy's header or from `Authorization: Bearer`.

    A header that only names a user, or a token that is not good, is nobody; the latter is refused even beside a
    session. A proxy takes the token from a cookie, which a browser sends for any page that asks it to; so a page of
    another site may change nothing by it.
    """

    def authenticate(self, request: Request) -> tuple[TokenUser, AccessToken] | None:
        """Return the holder and the token, or None if there is no token; raises an APIException."""
        from_proxy = request.META.get("HTTP_X_AUTH_REQUEST_ACCESS_TOKEN", "")
        text = brought_token(
            authorization=request.META.get("HTTP_AUTHORIZATION", ""),
            from_proxy=from_proxy,
            peer=request.META.get("REMOTE_ADDR") or "",
            trusted=settings.TRUSTED_PROXIES,
        )
        if text is None:
            return None
        try:
            token = verify_from(address_of(request), text)
        except TooManyBadTokensError as error:
            raise Throttled(error.seconds, str(error)) from None
        except TokenError as error:
            raise AuthenticationFailed(str(error)) from None
        if text == from_proxy and request.method not in SAFE_METHODS and is_from_another_site(request):
            raise PermissionDenied("A page of another site may not do this.")
        return TokenUser(token.identity, token.username, token.email), token

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"
