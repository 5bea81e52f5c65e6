"""The clients and people of the identity provider. People are made once; what is changed afterwards stays."""

from django.contrib.auth.models import Group, User
from oauth2_provider.models import Application

from homelab_site.stack import secrets
from homelab_site.stack.identity import settings
from homelab_site.stack.secrets import ADMIN, ADMINS, SCRIPTS_CLIENT, SITE_CLIENT, VIEWER

HOSTS = ("127.0.0.1", "localhost")


def seed() -> None:
    _make_client(
        SITE_CLIENT,
        name="Homelab",
        authorization_grant_type=Application.GRANT_AUTHORIZATION_CODE,
        redirect_uris=_on_this_machine("/login/oidc/callback/"),
        post_logout_redirect_uris=_on_this_machine("/login/"),
        algorithm=Application.RS256_ALGORITHM,
        skip_authorization=True,
    )
    # Its tokens are opaque (see `tokens`).
    _make_client(SCRIPTS_CLIENT, name="Scripts", authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS)
    _make_person(VIEWER)
    admins, _ = Group.objects.get_or_create(name=ADMINS)
    if admin := _make_person(ADMIN):
        admin.groups.add(admins)


def _make_client(client_id: str, **fields: object) -> None:
    secret = secrets.client_secret(settings.DIRECTORY, client_id)
    defaults = {"client_type": Application.CLIENT_CONFIDENTIAL, "client_secret": secret, "hash_client_secret": False}
    Application.objects.update_or_create(client_id=client_id, defaults={**defaults, **fields})


def _make_person(name: str) -> User | None:
    """Return a person who is new."""
    if User.objects.filter(username=name).exists():
        return None
    password = secrets.person_password(settings.DIRECTORY, name)
    return User.objects.create_user(name, f"{name}@homelab.invalid", password)


def _on_this_machine(path: str) -> str:
    """Return a path on any port: the library leaves the port of a loopback address open (RFC 8252, section 7.3)."""
    return " ".join(f"http://{host}{path}" for host in HOSTS)
