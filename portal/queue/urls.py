"""Addresses for machines that watch over Gatehouse."""

from django.urls import URLPattern, path

from portal.queue import views

root_urls: list[URLPattern] = [
    path("healthz", views.show_health, name="health-show"),
    path("readyz", views.show_readiness, name="readiness-show"),
    path("metrics", views.show_metrics, name="metrics-show"),
]
