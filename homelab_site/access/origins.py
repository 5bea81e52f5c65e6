"""Whether a page of another site made a browser send a request."""

from django.conf import settings
from django.http import HttpRequest


def is_from_another_site(request: HttpRequest) -> bool:
    """Tell whether a browser sent a request for a page of an origin that no setting names.

    Browsers say so in Sec-Fetch-Site, or in the Origin that they send with every unsafe method. Whatever sends neither
    is no browser, so nobody else can make it send anything (https://words.filippo.io/csrf/).
    """
    origin = request.headers.get("Origin")
    if origin in {*settings.CORS_ALLOWED_ORIGINS, *settings.CSRF_TRUSTED_ORIGINS}:
        return False
    site = request.headers.get("Sec-Fetch-Site")
    if site:
        return site not in {"same-origin", "none"}
    return origin is not None and origin != f"{request.scheme}://{request.get_host()}"
