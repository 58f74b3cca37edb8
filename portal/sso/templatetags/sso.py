"""Addresses within the frame that a page of setting up is shown in."""

from django import template
from django.template import Context

from portal.sso.framing import frame_of

register = template.Library()


@register.simple_tag(takes_context=True)
def there(context: Context, name: str, *args: object) -> str:
    """The address of a page in this frame; empty where the frame has no such page."""
    return frame_of(context["request"]).url(name, *args)
