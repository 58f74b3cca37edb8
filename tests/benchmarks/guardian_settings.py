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
_file = os.environ["PEER_SQLITE"]
_server = os.environ.get("DATABASE_OWNER_URL", "")
DATABASES = {"default": environ.Env.db_url_config(_server or f"sqlite:///{_file}")}
DATABASES["default"]["TEST"] = {"NAME": "test_gatehouse_peer" if _server else _file}
