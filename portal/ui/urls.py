"""Where the frame's own form posts to."""

from django.urls import URLPattern, path

from portal.ui.views import theme_set

root_urls: list[URLPattern] = [path("theme/", theme_set, name="theme-set")]
