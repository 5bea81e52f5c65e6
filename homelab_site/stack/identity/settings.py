"""Settings of the identity provider of the one-machine stack, which is a site of its own.

It listens on this machine only and knows two people and two clients (see `seed`).
"""

import os
from pathlib import Path

from homelab_site.stack import secrets
from homelab_site.stack.parts import PROJECT

DIRECTORY = Path(os.environ["IDENTITY_DIR"])
PORT = int(os.environ["IDENTITY_PORT"])
ISSUER = f"http://127.0.0.1:{PORT}"
KEYS_DIR = DIRECTORY / "keys"
SECRET_KEY = secrets.secret_key(DIRECTORY)
ALLOWED_HOSTS = ["127.0.0.1", "localhost"]

INSTALLED_APPS = [
    "homelab_site.stack.identity",  # before the library, whose pages it replaces
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "oauth2_provider",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "homelab_site.stack.identity.keys.CurrentKeys",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "homelab_site.stack.identity.urls"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
            ]
        },
    }
]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": DIRECTORY / "identity.sqlite3",
        "OPTIONS": {"transaction_mode": "IMMEDIATE", "init_command": "PRAGMA journal_mode=WAL"},
    }
}
LANGUAGES = [("en", "English"), ("sv", "Svenska")]
LANGUAGE_COOKIE_NAME = "identity_language"
LOCALE_PATHS = [Path(PROJECT) / "locale"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
USE_TZ = True

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
# Cookies are shared by all ports of a host, and the site beside this one has some too.
SESSION_COOKIE_NAME = "identity_session"
CSRF_COOKIE_NAME = "identity_csrf"

READ_SCOPES = {
    "read:energy": "See the electricity",
    "read:heatpump": "See the heat pump",
    "read:temperature": "See the temperatures",
    "read:settings": "See the settings of the heat pump",
}
OAUTH2_PROVIDER = {
    "OIDC_ENABLED": True,
    "OIDC_ISS_ENDPOINT": ISSUER,
    "OIDC_RESPONSE_TYPES_SUPPORTED": ["code"],
    "OIDC_RP_INITIATED_LOGOUT_ENABLED": True,
    "OIDC_RP_INITIATED_LOGOUT_ALWAYS_PROMPT": False,
    # Logging out on one device ends the session there.
    "OIDC_RP_INITIATED_LOGOUT_DELETE_TOKENS": False,
    "OAUTH2_VALIDATOR_CLASS": "homelab_site.stack.identity.validator.IdentityValidator",
    "ACCESS_TOKEN_GENERATOR": "homelab_site.stack.identity.tokens.access_token",
    "REFRESH_TOKEN_GENERATOR": "oauthlib.oauth2.rfc6749.tokens.random_token_generator",
    "SCOPES": {
        "openid": "Know who you are",
        "profile": "See your name and groups",
        "email": "See your e-mail address",
        "offline_access": "Ask again whether you may",
        **READ_SCOPES,
        "write:settings": "Change the settings of the heat pump",
    },
    "DEFAULT_SCOPES": list(READ_SCOPES),
    "ACCESS_TOKEN_EXPIRE_SECONDS": 600,
    "REFRESH_TOKEN_EXPIRE_SECONDS": 30 * 24 * 3600,
    # An answer that is lost on its way does not end a session.
    "REFRESH_TOKEN_GRACE_PERIOD_SECONDS": 60,
    "PKCE_REQUIRED": True,
    # The site is reached by either name of this machine, on any port.
    "ALLOW_LOCALHOST_LOOPBACK": True,
    "COMPLIANT_BCP_RFC9700_IMPLICIT_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PASSWORD_GRANT": True,
    "COMPLIANT_BCP_RFC9700_PKCE_METHOD": True,
    "COMPLIANT_BCP_RFC9700_ACCESS_TOKEN_TRANSPORT": True,
    "COMPLIANT_BCP_RFC9700_AUTHZ_RESPONSE_ISS": True,
}

# A line for each request would hold codes and tokens.
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "loggers": {"django.server": {"level": "CRITICAL"}, "oauthlib": {"level": "WARNING"}},
}
