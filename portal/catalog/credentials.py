"""The password of a connection: sealed for one integration, and destroyable."""

from audit.sealing import KeyDestroyed, SealBroken, destroy_keys, seal, unseal
from portal.catalog.models import Integration

# The purpose under which a deletion looks for keys that could still open something.
PURPOSE = "integration"


def sealed(integration: Integration, password: str) -> str:
    return seal(
        password,
        organization_id=integration.organization_id,
        purpose=PURPOSE,
        subject=str(integration.pk),
        context=_context(integration),
    )


def opened(integration: Integration) -> str:
    """The password, or nothing where there is none or it was destroyed."""
    if not integration.credential:
        return ""
    try:
        return unseal(
            integration.credential,
            organization_id=integration.organization_id,
            context=_context(integration),
        )
    except (KeyDestroyed, SealBroken):
        return ""


def destroy(integration: Integration) -> None:
    """From here on the password is unreadable, in backups too."""
    destroy_keys(
        organization_id=integration.organization_id,
        purpose=PURPOSE,
        subject=str(integration.pk),
    )


def _context(integration: Integration) -> str:
    return f"integration.credential:{integration.pk}"
