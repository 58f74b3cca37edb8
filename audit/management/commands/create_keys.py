"""Make the root key and the signing key of a new installation."""

from typing import Any

from django.core.management.base import BaseCommand

from audit.keys import key_folder, make, new_root_key_text, root_key_path
from audit.signing import create_signing_key, key_id, own_keys


class Command(BaseCommand):
    help = "Makes the keys that are missing, and never touches one that is there."

    def handle(self, *_args: Any, **_options: Any) -> None:
        make(root_key_path(), new_root_key_text())
        create_signing_key()
        current = next(iter(own_keys().values()))
        self.stdout.write(f"Keys are in {key_folder()}. Back this folder up, apart from the data.")
        self.stdout.write(f"Signing key: {key_id(current)}")
