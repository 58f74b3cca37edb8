"""The secrets that sign calls to a downstream system: sealed, and destroyed with it."""

import base64
import secrets
from datetime import datetime

from audit.sealing import destroy_keys, seal, unseal
from portal.downstream.models import Connector

PURPOSE = "downstream"
BYTES = 32


def new_secret() -> str:
    """As Standard Webhooks write it."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(BYTES)).decode()


def sealed(connector: Connector, text: str) -> str:
    return seal(
        text,
        organization_id=connector.organization_id,
        purpose=PURPOSE,
        subject=str(connector.pk),
        context=_context(connector),
    )


def signing_secrets(connector: Connector, at: datetime) -> list[str]:
    """The current one, and the one before as long as it still counts."""
    tokens = [connector.secret]
    if connector.has_previous(at):
        tokens.append(connector.previous_secret)
    return [_opened(connector, token) for token in tokens]


def destroy(connector: Connector) -> None:
    destroy_keys(
        organization_id=connector.organization_id, purpose=PURPOSE, subject=str(connector.pk)
    )


def _opened(connector: Connector, token: str) -> str:
    return unseal(token, organization_id=connector.organization_id, context=_context(connector))


def _context(connector: Connector) -> str:
    return f"downstream.secret:{connector.pk}"
