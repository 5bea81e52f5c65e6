"""What the identity provider says of people, and that it says nothing for those who are no longer let in."""

from typing import Any

from jwcrypto.jws import JWS
from oauth2_provider.oauth2_validators import OAuth2Validator
from oauth2_provider.settings import oauth2_settings
from oauth2_provider.utils import jwk_from_pem


class IdentityValidator(OAuth2Validator):  # type: ignore[misc] # untyped
    oidc_claim_scope = {**OAuth2Validator.oidc_claim_scope, "groups": "profile"}  # noqa: RUF012 - the library's

    def get_additional_claims(self, request: Any) -> dict[str, Any]:
        user = request.user
        return {
            "preferred_username": user.get_username(),
            "name": user.get_full_name(),
            "email": user.email,
            "groups": sorted(user.groups.values_list("name", flat=True)),
        }

    def validate_refresh_token(self, refresh_token: str, client: Any, request: Any, *args: Any, **kwargs: Any) -> bool:
        good = super().validate_refresh_token(refresh_token, client, request, *args, **kwargs)
        return bool(good and request.user.is_active)

    def validate_bearer_token(self, token: str, scopes: Any, request: Any) -> bool:
        good = super().validate_bearer_token(token, scopes, request)
        return bool(good and (request.user is None or request.user.is_active))

    def _get_key_for_token(self, token: str) -> Any:
        """Return the key that signed an ID token, also one that signs no more."""
        signed = JWS()
        signed.deserialize(token)
        pems = [oauth2_settings.OIDC_RSA_PRIVATE_KEY, *oauth2_settings.OIDC_RSA_PRIVATE_KEYS_INACTIVE]
        keys = {key.thumbprint(): key for key in map(jwk_from_pem, pems)}
        return keys.get(signed.jose_header.get("kid"))
