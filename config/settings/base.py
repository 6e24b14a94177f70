"""Settings shared by every environment. Each value that differs between machines comes from the environment."""

import os
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

from django.utils.translation import gettext_lazy as _

from config.celery_settings import *  # noqa: F403  the CELERY_* names, explained there
from config.document_settings import *  # noqa: F403  what documents say, explained there
from config.log_settings import LOGGING  # noqa: F401
from config.public_settings import *  # noqa: F403  whom readers turn to, explained there
from config.sign_in_settings import *  # noqa: F403  passwords, sessions and the second factor, explained there

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(os.environ.get("LEVY_VAR", BASE_DIR / "var"))

SECRET_KEY = os.environ["SECRET_KEY"]
# AES keys for identity numbers, newest first; keys of their look-up hash, a new one before the one that it replaces:
# base64, 32 bytes each.
IDENTITY_KEYS = os.environ["LEVY_IDENTITY_KEYS"].split(",")
IDENTITY_HASH_KEYS = os.environ["LEVY_IDENTITY_HASH_KEY"].split(",")

DEBUG = False
ALLOWED_HOSTS = os.environ.get("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]").split(",")
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "operations",
    "disclosure",
    "portal",
    "subsidies",
    "collection",
    "levy",
    "quota",
    "exchange",
    "access",
    "casework",
    "accounts",
    "design",
    "audit",
    "config.apps.AdministrationConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.postgres",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "csp",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "import_export",
    "pghistory",
    "pgtrigger",
    "rest_framework",
]

# The first three stand outside everything, so that files and errors have their headers and their log line too.
MIDDLEWARE = [
    "operations.middleware.request_log",
    "accounts.frame.middleware.fixed_headers",
    "csp.middleware.CSPMiddleware",
    "accounts.frame.middleware.readable_requests",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "accounts.frame.middleware.maintenance",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "accounts.frame.origin.noted_origin",
    "accounts.frame.middleware.language",
    "accounts.frame.middleware.session_limits",
    "accounts.frame.middleware.unfinished_sign_in",
    "accounts.frame.middleware.SignInFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "accounts.frame.middleware.private_pages",
    "accounts.frame.middleware.RefusalPages",
]


def database(url: str, *, statement_timeout: str, lock_timeout: str = "0") -> dict[str, object]:
    """The DATABASES entry of a `postgresql://` address; a socket directory is given as `?host=/path`."""
    parts = urlsplit(url)
    query = dict(parse_qsl(parts.query))
    return {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": query.get("host") or parts.hostname or "",
        "PORT": str(parts.port or query.get("port", "")),
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": {
            "connect_timeout": 5,
            "tcp_user_timeout": 5000,
            "options": f"-c statement_timeout={statement_timeout} -c lock_timeout={lock_timeout}"
            " -c idle_in_transaction_session_timeout=60s",
        },
    }


TIME_LIMITS = {
    "web": {"statement_timeout": "10s"},  # a page that takes longer is a fault
    "worker": {"statement_timeout": "280s"},  # streams whole slices
    # Builds indexes for as long as it takes, but every writer queues behind a migration that waits for its lock.
    "migrate": {"statement_timeout": "0", "lock_timeout": "2s"},
}
DATABASES = {"default": database(os.environ["DATABASE_URL"], **TIME_LIMITS[os.environ.get("LEVY_PROCESS", "web")])}

CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.redis.RedisCache",
        "LOCATION": os.environ["CACHE_URL"],
        # With RESP3 redis-py ties each connection into a cycle: a thread that ends would leave its socket open until
        # the collector comes by. Nothing here needs RESP3.
        "OPTIONS": {"protocol": 2},
    }
}
# No LocaleMiddleware: the browser's language never changes an official page (accounts.frame.middleware.language).
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", _("简体中文")), ("en", _("英文"))]
LOCALE_PATHS = [BASE_DIR / "locale"]
TIME_ZONE = "Asia/Shanghai"
USE_TZ = True

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "builtins": ["design.templatetags.formats", "design.templatetags.tables"],
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "accounts.frame.context.chrome",
                "casework.context.menu_of_page",
            ],
        },
    }
]
FORM_RENDERER = "django.forms.renderers.TemplatesSetting"

STATIC_URL = "/static/"
STATIC_ROOT = VAR_DIR / "static"
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"},
}
MEDIA_ROOT = VAR_DIR / "files"
# While this file exists every page says that the system is being maintained; its text says until when.
MAINTENANCE_FILE = MEDIA_ROOT / "maintenance"
# Where the trail's seals go besides: the socket of the machine's system log, or HOST:PORT of another's (UDP).
SEAL_SYSLOG = os.environ.get("LEVY_SEAL_SYSLOG", "")
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 1000
FILE_UPLOAD_MAX_MEMORY_SIZE = 1024 * 1024
FILE_UPLOAD_HANDLERS = ["accounts.frame.bodies.BoundedParts"]
ENVIRONMENT_NOTE = ""  # stands above every page of an installation that is not the real one
PDF_ENABLED = os.environ.get("LEVY_PDF") != "off"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "script-src": ["'self'"],
        "style-src": ["'self'"],
        "img-src": ["'self'", "data:"],
        "font-src": ["'self'"],
        "connect-src": ["'self'"],
        "form-action": ["'self'"],
        "base-uri": ["'none'"],
        "object-src": ["'none'"],
        "frame-ancestors": ["'none'"],
    }
}
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["rest_framework.authentication.SessionAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_PARSER_CLASSES": ["accounts.frame.json_bodies.BoundedJSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_RATES": {"public": "120/min"},
    "NUM_PROXIES": 0,  # nobody's X-Forwarded-For is believed (promise F4)
    "EXCEPTION_HANDLER": "accounts.frame.api_errors.error_response",
    "COERCE_DECIMAL_TO_STRING": True,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "残疾人就业保障金征管服务",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
}
IMPORT_EXPORT_IMPORT_PERMISSION_CODE = "change"
IMPORT_EXPORT_EXPORT_PERMISSION_CODE = "view"

METRICS_TOKEN = os.environ.get("LEVY_METRICS_TOKEN", "")  # without one there is no /metrics/
