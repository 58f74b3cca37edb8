"""Facts of the catalogue: kinds, states, limits, and how text becomes search terms."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

# Everything that is not on the retained list goes within 24 h; half of it is left for repairs.
UPLOAD_LIFETIME = timedelta(hours=12)
LEASE = timedelta(seconds=60)
# A queued run whose message was lost is announced again after this long.
PATIENCE = timedelta(seconds=20)
MAXIMUM_ATTEMPTS = 5
# A file on disk without a row is given this long: its transaction may still be open.
ORPHAN_AGE = timedelta(hours=1)

LONGEST_UPLOAD = 150 * 1024 * 1024
# Documents up to this size are taken over while their sender waits.
SMALL_PUSH = 512 * 1024
MOST_RELATIONS = 200_000
MOST_COLUMNS = 10_000
MOST_TAGS = 200
MOST_UPSTREAM = 2_000
LONGEST_NAME = 255
LONGEST_KEY = 500
LONGEST_TYPE = 10_000
LONGEST_DESCRIPTION = 65_536
LONGEST_TERM = 64
MOST_SEARCH_WORDS = 6

HIGHEST = "\U0010ffff"


class IntegrationKind(TextChoices):
    DBT_ARTIFACTS = "dbt_artifacts", _("dbt artifacts")
    POSTGRESQL = "postgresql", _("PostgreSQL")
    SQLITE = "sqlite", _("SQLite file")
    SCAN_RESULTS = "scan_results", _("Scan results")
    JSON = "json", _("Metadata as JSON")


# How metadata comes in: read at its source on a schedule, or sent by a machine with a token.
READ = frozenset({IntegrationKind.POSTGRESQL, IntegrationKind.SQLITE})
PUSHED = frozenset({IntegrationKind.SCAN_RESULTS, IntegrationKind.JSON})

# What each kind may do at its source (promise: read only). Shown before it is connected.
SCOPES: Mapping[str, tuple[str, ...]] = {
    IntegrationKind.DBT_ARTIFACTS: ("artifact:read",),
    IntegrationKind.POSTGRESQL: ("schema:read", "estimate:read", "rights:read"),
    IntegrationKind.SQLITE: ("file:read", "schema:read"),
    IntegrationKind.SCAN_RESULTS: ("check:receive",),
    IntegrationKind.JSON: ("document:receive",),
}
SCOPE_LABELS = {
    "artifact:read": _("Reads the two files you upload; connects to nothing"),
    "schema:read": _("Reads names, types and comments of tables, views and columns; no rows"),
    "estimate:read": _("Reads how many rows the server believes a table has; counts none"),
    "rights:read": _("Reads which rights its own login has, to warn you of too many"),
    "file:read": _("Opens one file in the folder of this workspace on the server, to read only"),
    "check:receive": _("Receives outcomes of checks from your scanner; connects to nothing"),
    "document:receive": _("Receives documents from your agent; connects to nothing"),
}
KIND_NOTES = {
    IntegrationKind.DBT_ARTIFACTS: _("Upload manifest.json and catalog.json of a dbt project."),
    IntegrationKind.POSTGRESQL: _("Reads the schema of a database over a read-only connection."),
    IntegrationKind.SQLITE: _("Reads the schema of a database file kept on this server."),
    IntegrationKind.SCAN_RESULTS: _("Your scanner sends outcomes of its checks, as Soda has them."),
    IntegrationKind.JSON: _("Your own agent sends tables, columns, tags and owners."),
}


class IntegrationStatus(TextChoices):
    NEW = "new", _("Nothing read yet")
    READY = "ready", _("Up to date")
    FAILING = "failing", _("Last run failed")
    DELETING = "deleting", _("Being deleted")


class ResourceKind(TextChoices):
    MODEL = "model", _("Model")
    SOURCE = "source", _("Source")
    SEED = "seed", _("Seed")
    SNAPSHOT = "snapshot", _("Snapshot")
    TABLE = "table", _("Table")
    VIEW = "view", _("View")
    DASHBOARD = "dashboard", _("Dashboard")


DBT_KINDS = frozenset(
    {ResourceKind.MODEL, ResourceKind.SOURCE, ResourceKind.SEED, ResourceKind.SNAPSHOT}
)

# How each kind is drawn in lists.
ICONS: Mapping[str, str] = {
    ResourceKind.MODEL: "box",
    ResourceKind.SOURCE: "database",
    ResourceKind.SEED: "sprout",
    ResourceKind.SNAPSHOT: "camera",
    ResourceKind.TABLE: "table-2",
    ResourceKind.VIEW: "eye",
    ResourceKind.DASHBOARD: "chart-column",
}


class Outcome(TextChoices):
    """How a check of a scan ended."""

    PASS = "pass", _("Passed")
    WARN = "warn", _("Warning")
    FAIL = "fail", _("Failed")
    ERROR = "error", _("Not evaluated")


class Level(TextChoices):
    """What a team may do with what it was given; querying includes viewing."""

    VIEW = "view", _("View metadata")
    QUERY = "query", _("View and query")


class UploadKind(TextChoices):
    MANIFEST = "manifest", _("manifest.json")
    CATALOG = "catalog", _("catalog.json")
    PUSH = "push", _("document")


ARTIFACTS = (UploadKind.MANIFEST, UploadKind.CATALOG)


class Trigger(TextChoices):
    """What began a run."""

    UPLOAD = "upload", _("Files uploaded")
    PUSH = "push", _("Sent by an agent")
    MANUAL = "manual", _("Run by hand")
    SCHEDULE = "schedule", _("By schedule")


class RunStatus(TextChoices):
    QUEUED = "queued", _("Waiting to start")
    RUNNING = "running", _("Running")
    FINISHED = "finished", _("Done")
    FAILED = "failed", _("Failed")
    STOPPED = "stopped", _("Stopped")


OPEN_RUNS = (RunStatus.QUEUED, RunStatus.RUNNING)

_WORD = re.compile(r"[^\W_]+")
_HUMP = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


def sort_key(name: str) -> str:
    """How a name is ordered: without regard to case, by code point, the same everywhere."""
    plain = "".join(c for c in unicodedata.normalize("NFKC", name) if c.isprintable())
    return plain.casefold()[:LONGEST_NAME]


def words(text: str) -> Iterator[str]:
    """The words of a text as they are stored and looked up."""
    for word in _WORD.findall(unicodedata.normalize("NFKC", text)):
        yield word.casefold()[:LONGEST_TERM]


def search_words(text: str) -> list[str]:
    """The words a search asks for; what follows the first few is not looked at."""
    return list(dict.fromkeys(words(text[:LONGEST_NAME])))[:MOST_SEARCH_WORDS]


def terms(names: Iterable[str], texts: Iterable[str]) -> set[str]:
    """Everything a resource is found by: its names, their parts, and words of its texts."""
    found = {word for text in texts for word in words(text)}
    for name in names:
        found.update(words(name))
        found.update(part.casefold()[:LONGEST_TERM] for part in _HUMP.findall(name))
    return found
