"""What the API says about whoever calls it."""

from typing import Any

from django.utils.cache import patch_cache_control
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from homelab_site.access.sessions import held_token
from homelab_site.access.tokens import AccessToken
from homelab_site.api.schema import answers
from homelab_site.api.views import ReadView


class UserInfoSerializer(serializers.Serializer[Any]):
    """Who calls, and the token that says so."""

    token = serializers.CharField(
        allow_null=True,
        help_text="The access token that the request came with, or that the session holds; null if it holds none.",
    )
    username = serializers.CharField(allow_null=True)
    email = serializers.CharField(allow_null=True)
    expires_in = serializers.IntegerField(
        allow_null=True, help_text="Seconds that the token still holds; null without a token, or if it does not expire."
    )


class UserInfoView(ReadView):
    """Who calls. No cache keeps the answer, since it holds a token."""

    required_scope = None

    @extend_schema(operation_id="user_info", responses=answers(UserInfoSerializer, parameters=False))
    def get(self, request: Request) -> Response:
        user: Any = request.user
        token, seconds = brought_or_held(request)
        body = {"token": token, "username": user.username, "email": user.email or None, "expires_in": seconds}
        response = Response(body)
        patch_cache_control(response, no_store=True)
        return response


def brought_or_held(request: Request) -> tuple[str | None, int | None]:
    """Return the token of a request and the seconds left, or those of its session."""
    if isinstance(request.auth, AccessToken):
        return request.auth.text, request.auth.seconds_left
    return held_token(request.session) or (None, None)
