"""The one rule of who may call a view of the API."""

from typing import Any

from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from homelab_site.access.scopes import session_scopes
from homelab_site.access.tokens import AccessToken


class HasScope(BasePermission):
    """Allows what the view's `required_scope` names; None there means whoever has a token or a session.

    A view that changes something names the scope for it in `write_scope`, and it is never None.
    """

    def has_permission(self, request: Request, view: Any) -> bool:
        needed: str | None = view.required_scope if request.method in SAFE_METHODS else view.write_scope
        self.message = f"This needs the scope {needed}."
        return request.user.is_authenticated and (needed is None or needed in granted(request))


def granted(request: Request) -> frozenset[str]:
    """Return the scopes of an authenticated request."""
    user: Any = request.user
    return request.auth.scopes if isinstance(request.auth, AccessToken) else session_scopes(user)
