"""Where uploaded files lie: in a folder, or in a bucket where the environment names one."""

from pathlib import Path
from typing import Any

from portal import env


def storage(bucket: str, *, folder: Path) -> dict[str, Any]:
    """The entry of Django's STORAGES for them."""
    if not bucket:
        return {
            "BACKEND": "django.core.files.storage.FileSystemStorage",
            "OPTIONS": {"location": folder, "file_permissions_mode": 0o600},
        }
    return {
        "BACKEND": "portal.objects.ObjectStorage",
        "OPTIONS": {
            "bucket": bucket,
            "prefix": env.text("STORAGE_PREFIX", default=""),
            "endpoint": env.text("STORAGE_ENDPOINT", default=""),
            "region": env.text("STORAGE_REGION", default=""),
            # Without these the machine's own role is used, as the library finds it.
            "access_key": env.text("STORAGE_ACCESS_KEY", default=""),
            "secret_key": env.text("STORAGE_SECRET_KEY", default=""),
        },
    }
