"""Instants as text: UTC, six decimals, a Z; the same on every engine."""

from datetime import UTC, datetime


def to_text(at: datetime) -> str:
    """Raises ValueError without a time zone: a local time is not an instant."""
    if at.tzinfo is None:
        raise ValueError("An instant needs a time zone.")
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def from_text(text: str) -> datetime:
    return datetime.fromisoformat(text)
