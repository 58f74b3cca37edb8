"""A plain project for the peer of the benchmark: guardian as its documentation sets it up."""

import os

import environ

SECRET_KEY = "benchmark"
INSTALLED_APPS = [
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "guardian",
    "tests.benchmarks.peer",
]
AUTHENTICATION_BACKENDS = [
    "django.contrib.auth.backends.ModelBackend",
    "guardian.backends.ObjectPermissionBackend",
]
ANONYMOUS_USER_NAME = None
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
_url = os.environ.get("DATABASE_OWNER_URL", "")
DATABASES = {
    "default": environ.Env.db_url_config(_url)
    if _url
    else {"ENGINE": "django.db.backends.sqlite3", "NAME": os.environ["PEER_SQLITE"]}
}
if not _url:
    DATABASES["default"]["TEST"] = {"NAME": os.environ["PEER_SQLITE"]}
else:
    DATABASES["default"]["TEST"] = {"NAME": "test_gatehouse_peer"}
