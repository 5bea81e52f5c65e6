"""The page on which a person lets a client in."""

from typing import Any

from django.http import HttpRequest
from oauth2_provider.views import AuthorizationView

from homelab_site.stack.secrets import ADMINS

WRITING = "write:"


class HouseAuthorizationView(AuthorizationView):  # type: ignore[misc] # untyped
    """Grants what is asked for, as far as the person may do it: only admins may write."""

    def create_authorization_response(
        self, request: HttpRequest, scopes: str, credentials: dict[str, Any], allow: bool
    ) -> Any:
        user = request.user
        if not (user.is_authenticated and user.groups.filter(name=ADMINS).exists()):
            scopes = " ".join(scope for scope in scopes.split() if not scope.startswith(WRITING))
        return super().create_authorization_response(request, scopes, credentials, allow)
