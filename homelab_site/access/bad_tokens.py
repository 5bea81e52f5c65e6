"""Whoever sends bad tokens has to wait, and nobody else does.

Once an address has sent too many, no issuer is asked about its opaque tokens any more. A token that a key can check
still counts, since a house has one address for all of its phones, and one of them must not shut out the rest.
"""

from homelab_site.access.addresses import PerAddress
from homelab_site.access.tokens import AccessToken, ExpiredTokenError, TokenError, verify

BAD_TOKENS_A_MINUTE = 300


class TooManyBadTokensError(TokenError):
    """An address has sent too many bad tokens; it has to wait for some seconds."""

    def __init__(self, seconds: int) -> None:
        super().__init__("Too many bad tokens came from this address.")
        self.seconds = seconds


_bad_tokens = PerAddress(BAD_TOKENS_A_MINUTE)


def verify_from(address: str, text: str, bad_tokens: PerAddress = _bad_tokens) -> AccessToken:
    """Check a token that came from an address; raises TokenError, or TooManyBadTokensError if it has sent too many.

    A token that was good once is none of the bad ones: a page that slept for a night sends it in every request.
    """
    seconds = bad_tokens.seconds_to_wait(address)
    try:
        return verify(text, ask=not seconds)
    except ExpiredTokenError:
        raise
    except TokenError:
        if seconds:
            raise TooManyBadTokensError(seconds) from None
        bad_tokens.add(address)
        raise
