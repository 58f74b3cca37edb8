"""The portal's template vocabulary: icons, permissions, instants, clocks, addresses."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from django import template
from django.template import Context
from django.urls import reverse
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from lucide.templatetags.lucide import lucide as drawn

from portal.ui.clocks import Clock, clock_of
from portal.ui.durations import ago, instant_text, rounded, zone_of
from tenants.permissions import Permission

register = template.Library()
KILO = 1024
INITIALS = 2
ROUND_FROM = 10
FORMATS = {"date": "j M Y", "time": "H:i:s"}


@register.simple_tag
def icon(name: str, size: int = 18, label: str = "") -> SafeString:
    """An inline icon; decoration unless it has a `label`."""
    return _icon(name, size, label)


@lru_cache(maxsize=512)
def _icon(name: str, size: int, label: str) -> SafeString:
    named = {"role": "img", "aria_label": label} if label else {"aria_hidden": "true"}
    classes = {"class": f"icon lucide-{name}"}
    return SafeString(drawn(name, size=size, stroke_width=1.75, **classes, **named))


@register.simple_tag(takes_context=True)
def may(context: Context, permission: str) -> bool:
    """Whether the person of this request holds the permission; unknown names raise."""
    actor = getattr(context["request"], "actor", None)
    return bool(actor and actor.may(Permission(permission)))


@register.simple_tag(takes_context=True)
def workspace_url(context: Context, name: str, *args: object) -> str:
    """The address of a page in the workspace of this request."""
    return reverse(name, args=[context["request"].organization.slug, *args])


@register.simple_tag(takes_context=True)
def instant(context: Context, value: datetime | None, style: str = "short") -> SafeString | str:
    """A `<time>` in the person's zone: short, `date`, `time` or `ago`."""
    if value is None:
        return "—"
    local = value.astimezone(_zone(context))
    return format_html(
        '<time datetime="{}" title="{}">{}</time>',
        value.astimezone(UTC).isoformat(timespec="seconds"),
        date_format(value.astimezone(UTC), "j M Y, H:i:s") + " UTC",
        _written(local, style, context),
    )


def _written(local: datetime, style: str, context: Context) -> str:
    if style in FORMATS:
        return date_format(local, FORMATS[style])
    at = getattr(context.get("request"), "at", None)
    if style == "ago" and at is not None and (said := ago(at - local)):
        return said
    return instant_text(local, local.tzinfo or UTC)


def _zone(context: Context) -> Any:
    user = getattr(context.get("request"), "user", None)
    return zone_of(getattr(user, "timezone", "") or "UTC")


@register.inclusion_tag("components/clock.html", takes_context=True)
def clock(context: Context, **parts: Any) -> dict[str, Clock]:
    """A countdown: `due_at`, optionally `from_at`, `done_at`, `at`, and `mode`."""
    request = context.get("request")
    parts.setdefault("at", getattr(request, "at", None) or context.get("at"))
    return {"clock": clock_of(**parts)}


@register.filter
def duration(value: timedelta | None) -> str:
    return "—" if value is None else rounded(value)


@register.filter
def grouped(value: int) -> str:
    """`1,200,452`."""
    return f"{value:,}"


@register.filter(name="bytes")
def bytes_(value: float | None) -> str:
    """`118 KB`; the units are those of a file manager."""
    size, unit = float(value or 0), "B"
    for larger in ("KB", "MB", "GB"):
        if size < KILO:
            break
        size, unit = size / KILO, larger
    return f"{size:.0f} {unit}" if unit == "B" or size >= ROUND_FROM else f"{size:.1f} {unit}"


@register.filter
def initials(name: object) -> str:
    """Two letters for the round mark of a person or workspace."""
    words = [word for word in str(name).replace("@", " ").replace(".", " ").split() if word]
    return "".join(word[0] for word in words[:INITIALS]).upper() or "?"
