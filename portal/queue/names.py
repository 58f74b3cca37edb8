"""The jobs by name, so that a lower layer can wake a higher one without importing it."""

from enum import StrEnum


class JobName(StrEnum):
    """`noun.verb`. A test holds that each is a registered task."""

    CATALOG_IMPORT = "catalog.import"
    DOMAIN_CHECK = "domain.check"
    LOG_SEAL = "log.seal"
    MAIL_SEND = "mail.send"
    METADATA_REFRESH = "metadata.refresh"
    SWEEP_RUN = "sweep.run"
    TICKET_ERASE = "ticket.erase"
    TICKET_PROCESS = "ticket.process"


class Lane(StrEnum):
    """Queues with workers of their own, so that long work never delays a promise."""

    SLA = "sla"
    DEFAULT = "default"
    BULK = "bulk"
