"""The one settings file. What differs between installations is a variable.

`.env.sample` lists every variable. Without DATABASE_URL the embedded services are
used and their secrets are made and kept in the data folder.
"""

from pathlib import Path
from urllib.parse import quote

from .databases import from_url, socket_url
from .embedded.places import EmbeddedError, Places, keep_secret
from .embedded.postgres import DATABASE, SUPERUSER
from .env import (
    SettingError,
    env_bool,
    env_int,
    env_list,
    env_path,
    env_secret,
    env_str,
)
from .languages import translated_languages
from .logs import level as log_level
from .secret_keys import checked_key

BASE_DIR = Path(__file__).resolve().parent.parent
DATA_DIR = env_path("IVR_DATA_DIR", BASE_DIR / "var")

# --- Services: ours from wheels, or those that the URLs name
DATABASE_URL = env_secret("DATABASE_URL")
IS_EMBEDDED = not DATABASE_URL
BROKER_URL = env_secret("BROKER_URL")
SECRET_KEY = env_secret("SECRET_KEY")
# Keys the duplicate and split hashes and encrypts uploads: it stays, while
# SECRET_KEY may be changed whenever all sessions may end.
DATA_KEY = env_secret("DATA_KEY")

if IS_EMBEDDED:
    places = Places(DATA_DIR)
    try:
        places.make()
        DATABASE_URL = socket_url(
            folder=quote(str(places.postgres_socket)), user=SUPERUSER, name=DATABASE
        )
        SECRET_KEY = SECRET_KEY or keep_secret(DATA_DIR / "secret-key", n_bytes=40)
        DATA_KEY = DATA_KEY or keep_secret(DATA_DIR / "data-key", n_bytes=40)
    except EmbeddedError as error:
        raise SettingError(str(error)) from None
    BROKER_URL = BROKER_URL or f"redis+socket://{places.valkey_socket}"
elif not BROKER_URL:
    raise SettingError("BROKER_URL is not set; DATABASE_URL alone is half a choice.")

SECRET_KEY = checked_key("SECRET_KEY", SECRET_KEY)
DATA_KEY = checked_key("DATA_KEY", DATA_KEY)
# Which texts are the exam follows from it.
EXAM_KEY = (places.exam_key() if IS_EMBEDDED else "") or DATA_KEY

DATABASES = {
    "default": from_url(
        DATABASE_URL, pool_size=env_int("DATABASE_POOL_SIZE", 0, most=200)
    )
}

# --- Web
DEBUG = env_bool("DEBUG", False)
ALLOWED_HOSTS = env_list("ALLOWED_HOSTS", ("localhost", "127.0.0.1", "[::1]"))
CSRF_TRUSTED_ORIGINS = env_list("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "ivr_label.urls"
WSGI_APPLICATION = "ivr_label.wsgi.application"
ASGI_APPLICATION = "ivr_label.asgi.application"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "django_htmx",
    "annotations",
    "training",
    "ivr_label",
]

MIDDLEWARE = [
    "ivr_label.requests.RequestIdMiddleware",
    "ivr_label.requests.SecurityHeadersMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "ivr_label.requests.StorableTextMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "ivr_label.access.TokenMiddleware",
    "ivr_label.access.AccessMiddleware",
    "ivr_label.http.DomainErrorMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    }
]

AUTH_USER_MODEL = "annotations.User"
# People sign in by one-time links; there is no password to guess.
AUTHENTICATION_BACKENDS = ["ivr_label.sessions.PeopleBackend"]
LOGIN_URL = env_str("LOGIN_URL", "/sign-in")
SESSION_COOKIE_AGE = 12 * 3600
SESSION_COOKIE_SAMESITE = "Lax"
SESSION_ENGINE = "ivr_label.sessions"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "ivr_label.failures.stale_form"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"

# --- HTTPS: off only where nobody but this machine can connect
HTTPS = env_bool("HTTPS", not IS_EMBEDDED)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = SECURE_SSL_REDIRECT = HTTPS
SESSION_COOKIE_NAME = "__Host-session" if HTTPS else "ivr_session"
CSRF_COOKIE_NAME = "__Host-csrf" if HTTPS else "ivr_csrf"
SECURE_HSTS_SECONDS = env_int("HSTS_SECONDS", 31536000) if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = HTTPS
# The container's health check speaks plain HTTP on the loopback interface.
SECURE_REDIRECT_EXEMPT = [r"^healthz$", r"^readyz$"]
if env_bool("TRUST_PROXY", False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "connect-src 'self'",
        "img-src 'self' data:",
        "font-src 'self'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "base-uri 'none'",
    )
)

# --- Files
STATIC_URL = "/static/"
STATIC_ROOT = env_path("STATIC_ROOT", DATA_DIR / "static")
STATICFILES_DIRS = [BASE_DIR / "static"]
# Scripts that one page loads together, in this order (ivr_label/static_files.py).
STATIC_BUNDLES = {
    "js/label.js": (
        "js/marking.js",
        "js/turns.js",
        "js/values.js",
        "js/panel.js",
        "js/picker.js",
        "js/answering.js",
        "js/outbox.js",
        "js/cover.js",
        "js/settle.js",
        "js/leases.js",
        "js/flow.js",
        "js/again.js",
        "js/lookback.js",
        "js/coach.js",
        "js/desk.js",
        "js/rest.js",
        "js/cluster.js",
    ),
    # Near-duplicates on one page.
    "js/confirm.js": (
        "js/picker.js",
        "js/cover.js",
        "js/settle.js",
        "js/attended.js",
        "js/leases.js",
        "js/cluster-page.js",
    ),
    # What all of the reviewer's pages have.
    "js/reviewing.js": (
        "js/cover.js",
        "js/settle.js",
        "js/attended.js",
        "js/review.js",
    ),
    # The desk without what asks the server.
    "js/practice.js": (
        "js/marking.js",
        "js/turns.js",
        "js/values.js",
        "js/settle.js",
        "js/warm-up.js",
        "js/panel.js",
        "js/picker.js",
        "js/answering.js",
        "js/desk.js",
    ),
}
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        "BACKEND": "ivr_label.static_files.StaticFilesStorage",
    },
}
MEDIA_ROOT = DATA_DIR / "media"
FILE_UPLOAD_TEMP_DIR = None
FILE_UPLOAD_PERMISSIONS = 0o600
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024

# --- API
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "annotations.api.authentication.RequestAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["annotations.api.authentication.AccessWasChecked"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["ivr_label.parsers.StorableJSONParser"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "ivr_label.http.api_exception_handler",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
}
SPECTACULAR_SETTINGS = {
    "TITLE": "IVR Label",
    "DESCRIPTION": "Labels for a voice bot, and the models made from them.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
}

# --- Tasks: a message is a doorbell; the work is a row in the database
CELERY_BROKER_URL = BROKER_URL
LONGEST_TASK_SECONDS = env_int("LONGEST_TASK_SECONDS", 6 * 3600, least=60)

# --- Intake
# Of all distinct utterances, this share is labeled blind and never trained on.
EXAM_SHARE = env_int("EXAM_PERCENT", 10, most=90) / 100
# How long uploaded files are kept, encrypted, once their rows are in.
BRONZE_RETENTION_DAYS = env_int("BRONZE_RETENTION_DAYS", 30, least=1, most=3650)
# How long it is kept which model answered what to a live turn; words live in the pool.
LIVE_RETENTION_DAYS = env_int("LIVE_RETENTION_DAYS", 90, least=1, most=3650)
UPLOAD_LIMIT_BYTES = env_int("UPLOAD_LIMIT_MB", 512, least=1, most=65536) * 1024**2

# --- Rounds
# Rounds are also kept as runs of MLflow; our own tables stay the truth.
MODEL_REGISTRY = env_str("MODEL_REGISTRY", "mlflow", choices=("mlflow", "off"))

# --- Language and time
# One language for an installation: English, or one with a catalogue in locale/.
LOCALE_PATHS = [BASE_DIR / "locale"]
LANGUAGE_CODE = env_str(
    "PAGE_LANGUAGE", "en", choices=translated_languages(LOCALE_PATHS[0])
)
TIME_ZONE = "UTC"
USE_I18N = True
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Logs: one JSON object a line, never an utterance's text
LOG_LEVEL = log_level()
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {"request_id": {"()": "ivr_label.logs.RequestIdFilter"}},
    "formatters": {"json": {"()": "ivr_label.logs.JsonFormatter"}},
    "handlers": {
        "stderr": {
            "class": "logging.StreamHandler",
            "formatter": "json",
            "filters": ["request_id"],
        }
    },
    "root": {"handlers": ["stderr"], "level": LOG_LEVEL},
    "loggers": {
        # Django's own handlers would print each event a second time.
        "django": {"handlers": [], "level": LOG_LEVEL, "propagate": True},
        "django.server": {"handlers": [], "level": "WARNING", "propagate": True},
    },
}
