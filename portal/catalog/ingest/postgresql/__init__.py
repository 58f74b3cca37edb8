"""Reads the schema of a PostgreSQL database over a connection that can only read."""

from portal.catalog.ingest.postgresql.connecting import connected
from portal.catalog.ingest.postgresql.reading import count_relations, read_database
from portal.catalog.ingest.postgresql.rights import found_rights

__all__ = ["connected", "count_relations", "found_rights", "read_database"]
