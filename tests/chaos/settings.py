"""Production settings for the processes of the chaos suite, with demo data.

The web server believes the header of a TLS proxy, so that all of it is served as in production.
"""

from portal.settings import *  # noqa: F403
from portal.settings import STORAGES

DEMO = True  # unlocks the rehearsal's commands; portal.settings refuses it on a server
EMAIL_BACKEND = "portal.outlets.folder.FolderBackend"
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
# The pages' files are not asked for, and compressing them takes as long as the migrations.
STORAGES = {
    **STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
