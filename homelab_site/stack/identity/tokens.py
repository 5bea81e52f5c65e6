"""The access tokens of the identity provider."""

import time
from typing import Any
from uuid import uuid4

import jwt
from oauthlib.oauth2.rfc6749.tokens import random_token_generator

from homelab_site.stack.identity import settings
from homelab_site.stack.secrets import SCRIPTS_CLIENT


def access_token(request: Any) -> str:
    """Return a JWT (RFC 9068), or for the scripts' client an opaque token, which is to be introspected.

    `request` is oauthlib's, with client, scopes and, unless the client speaks for itself, a user.
    """
    client = request.client
    if client.client_id == SCRIPTS_CLIENT:
        return str(random_token_generator(request))
    now = int(time.time())
    claims = {
        "iss": settings.ISSUER,
        "aud": [client.client_id],
        "client_id": client.client_id,
        "sub": str(request.user.pk),
        "preferred_username": request.user.get_username(),
        "email": request.user.email,
        "scope": " ".join(request.scopes),
        "iat": now,
        "exp": now + request.expires_in,
        "jti": str(uuid4()),
    }
    key = client.jwk_key
    header = {"typ": "at+jwt", "kid": key.thumbprint()}
    return jwt.encode(claims, key.export_to_pem(private_key=True, password=None), "RS256", header)
