"""Addresses that keep the wanted page on the way through the door."""

from typing import Any

from django.urls import reverse
from django.utils.http import urlencode

from portal.sso.ways_in import WaysIn


def with_goal(where: str, goal: str) -> str:
    return f"{where}?{urlencode({'next': goal})}" if goal else where


def ways_with_urls(ways: WaysIn, goal: str) -> list[dict[str, Any]]:
    """Each way of single sign-on, with the page where it starts."""
    return [
        {
            "label": way.label,
            "icon": way.icon,
            "url": with_goal(reverse("sso-start", args=[way.connection.pk]), goal),
        }
        for way in ways.single_sign_on
    ]
