"""Django's settings, read from the environment and the home file.

`SHOUXIN_HOME` names the home; `DATABASE_URL` overrides its database. Without a home (a check, `makemigrations`) the
name of a folder that is never made stands in.
"""

import hashlib
import os
import tempfile
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url

from shouxin.ground.formats.home import FILE_NAME, HomeFile, read_home

SHOUXIN_HOME = Path(os.environ.get("SHOUXIN_HOME") or Path(tempfile.gettempdir()) / "shouxin-no-home")
SHOUXIN: HomeFile = (
    read_home(SHOUXIN_HOME) if (SHOUXIN_HOME / FILE_NAME).is_file() else HomeFile(id="home_none", simulated=True)
)

_secret_file = SHOUXIN_HOME / "session.secret"
SECRET_KEY = hashlib.sha256(_secret_file.read_bytes()).hexdigest() if _secret_file.is_file() else os.urandom(32).hex()
DEBUG = False
_public = urlsplit(SHOUXIN.public_address)
ALLOWED_HOSTS = ["127.0.0.1", "localhost", "[::1]", *filter(None, [_public.hostname])]
CSRF_TRUSTED_ORIGINS = [f"{_public.scheme}://{_public.netloc}"] if _public.netloc else []

_url = os.environ.get("DATABASE_URL") or SHOUXIN.database
if _url:
    DATABASES = {"default": dj_database_url.parse(_url, conn_max_age=600)}
    if SHOUXIN.schema:
        DATABASES["default"]["OPTIONS"] = {
            **DATABASES["default"].get("OPTIONS", {}),
            "options": f"-c search_path={SHOUXIN.schema} -c synchronous_commit=on",
        }
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": str(SHOUXIN_HOME / "company.sqlite3"),
            # The last connection to close folds the log into the file and waits for the disk: not with every page.
            "CONN_MAX_AGE": 600,
            "OPTIONS": {
                "transaction_mode": "IMMEDIATE",
                "timeout": 20,
                "init_command": (
                    "PRAGMA journal_mode=WAL;PRAGMA synchronous=FULL;PRAGMA secure_delete=ON;PRAGMA temp_store=MEMORY;"
                ),
            },
        }
    }
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "axes",
    "shouxin.stores.ledger",
    "shouxin.stores.vault",
    "shouxin.stores.parties",
    "shouxin.stores.jobs",
    "shouxin.stores.backup",
    "shouxin.duties.inventory",
    "shouxin.duties.consent",
    "shouxin.duties.notices",
    "shouxin.duties.transfer",
    "shouxin.duties.disposal",
    "shouxin.duties.rights",
    "shouxin.duties.relations",
    "shouxin.duties.review",
    "shouxin.cases",
    "shouxin.faces.web",
]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "axes.middleware.AxesMiddleware",
]
ROOT_URLCONF = "shouxin.faces.site.urls"
WSGI_APPLICATION = "shouxin.faces.site.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
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

AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = 1  # hours
AXES_LOCKOUT_PARAMETERS = ["username", "ip_address"]
AXES_LOCKOUT_TEMPLATE = "web/locked.html"
AXES_RESET_ON_SUCCESS = True
AXES_VERBOSE = False
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
LOGIN_URL = "/login"
LOGIN_REDIRECT_URL = "/"

USE_TZ = True
TIME_ZONE = "Asia/Shanghai"
USE_I18N = True
LANGUAGE_CODE = "zh-hans"
LANGUAGES = [("zh-hans", "中文"), ("en", "English")]

STATIC_URL = "static/"
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = False

SESSION_COOKIE_AGE = 8 * 3600
SESSION_EXPIRE_AT_BROWSER_CLOSE = True
SESSION_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "shouxin.faces.web.outside.forbidden"
X_FRAME_OPTIONS = "DENY"
# Without a referrer a browser also withholds the origin of a form, which the log-in's check needs. The customer's page
# has a form key of its own and sends no referrer at all.
SECURE_REFERRER_POLICY = "same-origin"
SECURE_CONTENT_TYPE_NOSNIFF = True
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'none'"],
        "style-src": ["'self'"],
        "img-src": ["'self'"],
        "font-src": ["'self'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
        "base-uri": ["'none'"],
    }
}
SILENCED_SYSTEM_CHECKS = ["axes.W003"]
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"tokenless": {"()": "shouxin.faces.web.logs.TokenlessFormatter"}},
    "filters": {"long_queue": {"()": "shouxin.faces.web.logs.LongQueue"}},
    "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "tokenless"}},
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {"axes": {"level": "CRITICAL"}, "waitress.queue": {"filters": ["long_queue"]}},
}
