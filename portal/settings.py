"""Every setting of Gatehouse; the embedded mode and production differ by environment alone."""

import secrets
from datetime import timedelta
from pathlib import Path
from typing import Any

from csp.constants import NONCE, NONE, SELF
from django.core.exceptions import ImproperlyConfigured

from portal import databases, env, files, logs

BASE_DIR = Path(__file__).resolve().parent.parent

# --- Where it runs -------------------------------------------------------------------------
# Embedded: one machine, SQLite, a broker of files. It ends where a database server is named.
EMBEDDED = not env.is_set("DATABASE_URL")
DEMO = env.flag("DEMO", default=False)
GATEHOUSE_HOME = env.folder("GATEHOUSE_HOME", default=BASE_DIR / "var")
PORT = env.number("PORT", default=8000, low=1, high=65535)
HOST = env.text("HOST", default="127.0.0.1")
_base = env.web_address("BASE_URL", default=f"http://localhost:{PORT}" if EMBEDDED else None)
BASE_URL = _base.geturl()
IS_SECURE = _base.scheme == "https"
_LOOPBACK = ("localhost", "127.0.0.1", "[::1]")
_base_host = f"[{_base.hostname}]" if ":" in str(_base.hostname) else str(_base.hostname)

if DEMO and (not EMBEDDED or _base_host not in _LOOPBACK or HOST not in (*_LOOPBACK, "::1")):
    message = "DEMO has known passwords: it runs embedded, on localhost, and nowhere else."
    raise ImproperlyConfigured(message)
if not EMBEDDED and not IS_SECURE:
    message = "BASE_URL must begin with https:// when a database server is used."
    raise ImproperlyConfigured(message)

ALLOWED_HOSTS = list(
    dict.fromkeys([_base_host, *env.words("ALLOWED_HOSTS"), *(_LOOPBACK if EMBEDDED else ())])
)
if any("*" in host or host.startswith(".") for host in ALLOWED_HOSTS):
    message = "ALLOWED_HOSTS takes exact names: links in mail are built for them."
    raise ImproperlyConfigured(message)


def _secret_key() -> str:
    """From the environment; embedded, made once and kept in GATEHOUSE_HOME."""
    if not EMBEDDED or env.is_set("SECRET_KEY"):
        return env.text("SECRET_KEY")
    path = GATEHOUSE_HOME / "secret-key"
    if not path.exists():
        GATEHOUSE_HOME.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{secrets.token_hex(4)}")
        draft.touch(mode=0o600)
        draft.write_text(secrets.token_urlsafe(64))
        try:
            path.hardlink_to(draft)  # the first of several processes wins
        except FileExistsError:
            pass
        finally:
            draft.unlink()
    return path.read_text().strip()


DEBUG = False
SECRET_KEY = _secret_key()
SECRET_KEY_FALLBACKS = env.words("SECRET_KEY_FALLBACKS")
KEY_FOLDER = env.folder("KEY_FOLDER", default=GATEHOUSE_HOME / "keys")
MAIL_FOLDER = env.folder("MAIL_FOLDER", default=GATEHOUSE_HOME / "mail")
UPLOAD_FOLDER = env.folder("UPLOAD_FOLDER", default=GATEHOUSE_HOME / "uploads")
# Outside the database on purpose: a restored backup must be told what was erased since.
LEDGER_FOLDER = env.folder("LEDGER_FOLDER", default=GATEHOUSE_HOME / "ledger")
# Bytes of a PostgreSQL table that a deletion may rewrite, locked, so that no old bytes are left.
ERASURE_REWRITES_UP_TO = env.number("ERASURE_REWRITE_MB", default=1024, low=0) * 1024**2
# The longest that a backup is kept; a certificate names the day it passes.
BACKUP_DAYS = env.number("BACKUP_DAYS", default=30, low=7, high=400)
# Database files that integrations may read: one folder in it for each workspace, by its address.
CONNECTOR_SQLITE_DIR = env.folder("CONNECTOR_SQLITE_DIR", default=GATEHOUSE_HOME / "sources")
# May integrations connect into the server's own network? Where one machine serves one firm.
CONNECTOR_PRIVATE_ADDRESSES = env.flag("CONNECTOR_PRIVATE_ADDRESSES", default=EMBEDDED)
METRICS_TOKEN = env.text("METRICS_TOKEN", default="")
# Who is asked about e-mail domains: addresses, with a port or without; empty is the machine's own.
DNS_RESOLVERS = env.words("DNS_RESOLVERS")

# --- Apps ----------------------------------------------------------------------------------
INSTALLED_APPS = [
    "audit",
    "accounts",
    "tenants",
    "portal.queue",
    "portal.outbound",
    "portal.ui",
    "portal.rest",
    "portal.tickets",
    "portal.catalog",
    "portal.access",
    "portal.people",
    "portal.sso",
    "portal.grants",
    "portal.directory",
    "portal.fulfilment",
    "portal.downstream",
    "portal.outlets",
    "portal.evidence",
    "portal.home",
    "portal.console",
    "portal.demo",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.messages",
    "django.contrib.sessions",
    "django.contrib.staticfiles",
    "django.forms",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.socialaccount.providers.saml",
    "csp",
    "django_filters",
    "django_htmx",
    "drf_spectacular",
    "lucide",
    "rest_framework",
]
MIDDLEWARE = [
    "portal.logs.RequestIdMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.auth.middleware.LoginRequiredMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "tenants.middleware.WorkspaceMiddleware",
]
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

# --- Pages ---------------------------------------------------------------------------------
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.messages.context_processors.messages",
                "portal.ui.shell.surroundings",
            ]
        },
    }
]
FORM_RENDERER = "portal.ui.forms.Renderer"
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English")]
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = env.folder("STATIC_ROOT", default=GATEHOUSE_HOME / "static")
# With a bucket, uploaded files lie in it and not in UPLOAD_FOLDER.
STORAGE_BUCKET = env.text("STORAGE_BUCKET", default="")
STORAGES = {
    "default": files.storage(STORAGE_BUCKET, folder=UPLOAD_FOLDER),
    "staticfiles": {"BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"},
}

# --- Data ----------------------------------------------------------------------------------
# The application's login owns nothing; only `migrate` and `protect` log in as the owner.
DATABASE_AS_OWNER = env.flag("DATABASE_AS_OWNER", default=False)
# A worker that has it may vacuum what it erased; web servers do without.
DATABASE_OWNER_URL = env.text("DATABASE_OWNER_URL", default="")
DATABASE_ROLE = "" if EMBEDDED else databases.user_of(env.text("DATABASE_URL"))
if EMBEDDED:
    DATABASES = {"default": databases.sqlite(GATEHOUSE_HOME / "gatehouse.sqlite3")}
elif DATABASE_AS_OWNER:
    DATABASES = {"default": databases.postgresql(env.text("DATABASE_OWNER_URL"), pool_size=0)}
else:
    DATABASES = {
        "default": databases.postgresql(
            env.text("DATABASE_URL"),
            pool_size=env.number("DATABASE_POOL_SIZE", default=10, low=1, high=500),
        )
    }
CELERY_BROKER_URL = env.text(
    "CELERY_BROKER_URL", default="filesystem://localhost" if EMBEDDED else None
)
if EMBEDDED:
    CACHES: dict[str, dict[str, Any]] = {
        "default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    }
else:
    _broker = CELERY_BROKER_URL if CELERY_BROKER_URL.startswith("redis") else None
    CACHES = {
        "default": {
            "BACKEND": "portal.caching.SteadyRedisCache",
            "LOCATION": env.text("CACHE_URL", default=_broker),
            "OPTIONS": {"socket_connect_timeout": 0.5, "socket_timeout": 0.5},
        }
    }

# --- Sign-in -------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": f"django.contrib.auth.password_validation.{name}", "OPTIONS": options}
    for name, options in (
        ("MinimumLengthValidator", {"min_length": 12}),
        ("UserAttributeSimilarityValidator", {"user_attributes": ("email", "name")}),
        ("CommonPasswordValidator", {}),
    )
]
PASSWORD_RESET_TIMEOUT = int(timedelta(hours=1).total_seconds())
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "workspace-list"
ACCOUNT_ADAPTER = "portal.sso.account_adapter.PolicyAccountAdapter"
ACCOUNT_CHANGE_EMAIL = True
ACCOUNT_CONFIRM_EMAIL_ON_GET = False
ACCOUNT_EMAIL_NOTIFICATIONS = False  # the mailer tells the person, from the log
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_EMAIL_UNKNOWN_ACCOUNTS = False
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_LOGIN_ON_PASSWORD_RESET = False
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_LOGOUT_ON_PASSWORD_CHANGE = True
ACCOUNT_LOGOUT_REDIRECT_URL = "sign-in"
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_REAUTHENTICATION_REQUIRED = True
ACCOUNT_REAUTHENTICATION_TIMEOUT = 300
ACCOUNT_SESSION_REMEMBER = False
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]  # sign-up is closed; tells allauth of passwords
ACCOUNT_UNIQUE_EMAIL = True
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
MFA_ADAPTER = "accounts.adapters.MFAAdapter"
MFA_ALLOW_UNVERIFIED_EMAIL = True  # a new address counts only once its link was opened
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
# A passkey verifies its person, so that it may stand for password and second factor together.
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_RECOVERY_CODES_SHOW_ONCE = True
MFA_TOTP_ISSUER = "Gatehouse"
MFA_TOTP_TOLERANCE = 1
SOCIALACCOUNT_ADAPTER = "portal.sso.adapters.ConnectionAdapter"
SOCIALACCOUNT_AUTO_SIGNUP = True
SOCIALACCOUNT_EMAIL_AUTHENTICATION = False
SOCIALACCOUNT_EMAIL_AUTHENTICATION_AUTO_CONNECT = False
SOCIALACCOUNT_LOGIN_ON_GET = False
SOCIALACCOUNT_REQUESTS_TIMEOUT = 5
SOCIALACCOUNT_STORE_TOKENS = False

# The vendor's own applications: with them a customer types a domain or a tenant and no secret.
# In the demo its development provider plays both.
_demo_client = ("gatehouse", "development-only") if DEMO else ("", "")
GOOGLE_CLIENT_ID = env.text("GOOGLE_CLIENT_ID", default=_demo_client[0])
GOOGLE_CLIENT_SECRET = env.text("GOOGLE_CLIENT_SECRET", default=_demo_client[1])
GOOGLE_ISSUER = env.text(
    "GOOGLE_ISSUER",
    default=f"{BASE_URL}/dev/openid/google" if DEMO else "https://accounts.google.com",
)
MICROSOFT_CLIENT_ID = env.text("MICROSOFT_CLIENT_ID", default=_demo_client[0])
MICROSOFT_CLIENT_SECRET = env.text("MICROSOFT_CLIENT_SECRET", default=_demo_client[1])
MICROSOFT_AUTHORITY = env.text(
    "MICROSOFT_AUTHORITY",
    default=f"{BASE_URL}/dev/openid/microsoft" if DEMO else "https://login.microsoftonline.com",
).rstrip("/")

# --- The browser's side --------------------------------------------------------------------
_cookie_prefix = "__Host-" if IS_SECURE else ""
SESSION_ENGINE = "django.contrib.sessions.backends.db"
SESSION_COOKIE_NAME = f"{_cookie_prefix}gatehouse-session"
SESSION_COOKIE_AGE = int(timedelta(hours=12).total_seconds())
SESSION_COOKIE_SECURE = IS_SECURE
SESSION_COOKIE_SAMESITE = "Lax"  # Strict would drop the session on the way back from an IdP
CSRF_COOKIE_NAME = f"{_cookie_prefix}gatehouse-csrf"
CSRF_COOKIE_SECURE = IS_SECURE
CSRF_COOKIE_HTTPONLY = True
CSRF_FAILURE_VIEW = "portal.ui.errors.csrf_failure"
SECURE_SSL_REDIRECT = IS_SECURE
# The API refuses plain http itself: a redirect would teach clients to send tokens in clear.
SECURE_REDIRECT_EXEMPT = [r"^api/v1/.", r"^scim/", r"^healthz$", r"^readyz$", r"^metrics$"]
SECURE_HSTS_SECONDS = int(timedelta(days=365).total_seconds()) if IS_SECURE else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = IS_SECURE
SECURE_HSTS_PRELOAD = IS_SECURE
# Set only behind a proxy that overwrites the header on every request.
if env.flag("TRUST_PROXY_SCHEME", default=False):
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
SECURE_REFERRER_POLICY = "same-origin"
X_FRAME_OPTIONS = "DENY"
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [NONE],
        "base-uri": [NONE],
        "connect-src": [SELF],
        "font-src": [SELF],
        "form-action": [SELF],
        "frame-ancestors": [NONE],
        "img-src": [SELF],
        "manifest-src": [SELF],
        "object-src": [NONE],
        "script-src": [SELF, NONCE],
        "style-src": [SELF, NONCE],
        "upgrade-insecure-requests": IS_SECURE,
    }
}

# --- Mail ----------------------------------------------------------------------------------
DEFAULT_FROM_EMAIL = env.text("MAIL_FROM", default=f"Gatehouse <no-reply@{_base.hostname}>")
if EMBEDDED and not env.is_set("MAIL_HOST"):
    EMAIL_BACKEND = "portal.outlets.folder.FolderBackend"
else:
    EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    EMAIL_HOST = env.text("MAIL_HOST")
    EMAIL_PORT = env.number("MAIL_PORT", default=587, low=1, high=65535)
    EMAIL_HOST_USER = env.text("MAIL_USER", default="")
    EMAIL_HOST_PASSWORD = env.text("MAIL_PASSWORD", default="")
    EMAIL_USE_TLS = env.flag("MAIL_TLS", default=True)
    EMAIL_TIMEOUT = 10

# --- Background work: a message is a wake-up, rows are the truth ----------------------------
BROKER_FOLDER = GATEHOUSE_HOME / "broker"
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_TIMEOUT = 5
if CELERY_BROKER_URL.startswith("filesystem"):
    CELERY_BROKER_TRANSPORT_OPTIONS = {
        "data_folder_in": str(BROKER_FOLDER / "messages"),
        "data_folder_out": str(BROKER_FOLDER / "messages"),
        "control_folder": str(BROKER_FOLDER / "control"),
        "processed_folder": str(BROKER_FOLDER / "taken"),
        "store_processed": False,
        "polling_interval": 0.1,
    }
elif CELERY_BROKER_URL.startswith("redis"):
    # A broker that hangs ends a read after seconds; without a limit a worker waits for ever.
    CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "health_check_interval": 10}
    CELERY_BROKER_TRANSPORT_OPTIONS |= {"socket_timeout": 10, "socket_connect_timeout": 5}
else:
    CELERY_BROKER_TRANSPORT_OPTIONS = {"confirm_publish": True}
    CELERY_TASK_DEFAULT_QUEUE_TYPE = "quorum"
CELERY_ACCEPT_CONTENT = ["json"]
CELERY_TASK_SERIALIZER = "json"
CELERY_TASK_IGNORE_RESULT = True
CELERY_RESULT_BACKEND = None
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_REJECT_ON_WORKER_LOST = True
CELERY_TASK_DEFAULT_QUEUE = "default"
CELERY_TASK_STORE_EAGER_RESULT = False
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_WORKER_POOL = "threads" if EMBEDDED else "prefork"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False
CELERY_WORKER_ENABLE_REMOTE_CONTROL = False
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = True
CELERY_WORKER_SEND_TASK_EVENTS = False
CELERY_BEAT_SCHEDULER = "portal.queue.beat:HeartbeatScheduler"
CELERY_BEAT_MAX_LOOP_INTERVAL = 5
CELERY_TIMEZONE = "UTC"

# --- API -----------------------------------------------------------------------------------
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["portal.rest.authentication.TokenAuthentication"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "DEFAULT_THROTTLE_CLASSES": [],
    "EXCEPTION_HANDLER": "portal.rest.exceptions.problem_response",
    "TEST_REQUEST_DEFAULT_FORMAT": "json",
    "UNAUTHENTICATED_USER": None,
}
SPECTACULAR_SETTINGS = {
    "TITLE": "Gatehouse API",
    "VERSION": "1",
    "OAS_VERSION": "3.1.1",
    "SERVE_INCLUDE_SCHEMA": False,
    "ENUM_GENERATE_CHOICE_DESCRIPTION": False,
    "COMPONENT_SPLIT_REQUEST": True,
    "ENUM_NAME_OVERRIDES": {
        "CaseStatusEnum": "portal.grants.rules.CaseStatus",
        "DisputeStatusEnum": "portal.grants.rules.DisputeStatus",
        "DownstreamKindEnum": "portal.downstream.rules.Kind",
        "IntegrationKindEnum": "portal.catalog.rules.IntegrationKind",
        "MemberStatusEnum": "tenants.models.Membership.Status",
        "ReasonCodeEnum": "portal.grants.rules.ReasonCode",
        "ResourceKindEnum": "portal.catalog.rules.ResourceKind",
        "RoleEnum": "tenants.permissions.BuiltInRole",
        "ScopeKindEnum": "portal.grants.rules.ScopeKind",
        "StepStatusEnum": "portal.tickets.rules.StepStatus",
        "TicketKindEnum": "portal.tickets.rules.Kind",
        "TicketScopeEnum": "portal.tickets.rules.Scope",
        "TicketStatusEnum": "portal.tickets.rules.Status",
        "TokenKindEnum": "tenants.models.ApiToken.Kind",
    },
}

LOGGING = logs.configure(level=env.text("LOG_LEVEL", default="INFO"), show_exception_text=DEMO)
