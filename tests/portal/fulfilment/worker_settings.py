"""Settings of a worker process that joins the database and the home of a running test."""

import os
from pathlib import Path

from tests.settings import *  # noqa: F403
from tests.settings import DATABASES

GATEHOUSE_HOME = Path(os.environ["WORKER_HOME"])
KEY_FOLDER = GATEHOUSE_HOME / "keys"
UPLOAD_FOLDER = GATEHOUSE_HOME / "uploads"
LEDGER_FOLDER = GATEHOUSE_HOME / "ledger"
DATABASES["default"]["NAME"] = os.environ["WORKER_DATABASE"]
