"""Addresses of the first page, of what waits, and of search."""

from django.urls import URLPattern, path

from portal.home import views

workspace_urls: list[URLPattern] = [
    path("", views.home_show, name="home-show"),
    path("waiting/", views.waiting_list, name="waiting-list"),
    path("search/", views.search_show, name="search-show"),
]
