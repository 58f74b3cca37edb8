"""Settings of the tests: the portal's own, with a home and a database for each test process."""

import os
import tempfile
from pathlib import Path

_worker = os.environ.get("PYTEST_XDIST_WORKER", "main")
_home = Path(tempfile.mkdtemp(prefix=f"gatehouse-{_worker}-"))
_server = bool(os.environ.get("DATABASE_URL"))
(_home / "static").mkdir()
os.environ["GATEHOUSE_HOME"] = str(_home)
os.environ["SECRET_KEY"] = "tests-only-" + "k" * 50
os.environ["DEMO"] = "false"
os.environ["BASE_URL"] = "https://testserver" if _server else "http://testserver"
for _name in ("KEY_FOLDER", "MAIL_FOLDER", "UPLOAD_FOLDER", "STATIC_ROOT", "PORT"):
    os.environ.pop(_name, None)
if _server:
    os.environ.setdefault("CELERY_BROKER_URL", "redis://127.0.0.1:6379/9")
    os.environ.setdefault("MAIL_HOST", "127.0.0.1")
    os.environ["DATABASE_AS_OWNER"] = "true"  # conftest steps down to the application's role

from portal.settings import *  # noqa: E402, F403
from portal.settings import DATABASES, GATEHOUSE_HOME, STORAGES  # noqa: E402

EMBEDDED = True  # keys and mail live in the test's own folder on both engines
IS_SECURE = False
BASE_URL = "http://testserver"
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1", "[::1]"]
SECURE_SSL_REDIRECT = False
SECURE_HSTS_SECONDS = 0
SESSION_COOKIE_NAME = "gatehouse-session"
SESSION_COOKIE_SECURE = False
CSRF_COOKIE_NAME = "gatehouse-csrf"
CSRF_COOKIE_SECURE = False

if _server:
    DATABASES["default"]["TEST"] = {"NAME": f"test_{DATABASES['default']['NAME']}"}
    # Within a test's own transaction no other login can lock a table to rewrite it.
    ERASURE_REWRITES_UP_TO = 0
    # A test database may be lost with the machine; what commits is seen at once all the same.
    DATABASES["default"]["OPTIONS"]["options"] = "-c synchronous_commit=off"
    CELERY_BROKER_TRANSPORT_OPTIONS = {"global_keyprefix": f"gatehouse-test-{_worker}-"}
else:
    # A file, not memory: live servers and real workers open it from other threads and processes.
    # Made from the models, in a third of a second; that the migrations lead to the same is a test.
    DATABASES["default"]["TEST"] = {
        "NAME": str(GATEHOUSE_HOME / "test.sqlite3"),
        "MIGRATE": False,
    }
    DATABASES["default"]["OPTIONS"]["init_command"] = (
        "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA secure_delete=ON;"
    )
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
