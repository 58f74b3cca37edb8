"""Addresses of certificates."""

from django.urls import URLPattern, path

from portal.fulfilment import views

workspace_urls: list[URLPattern] = [
    # The dot keeps it apart from every number of a request.
    path("requests/verify_certificate.py", views.verifier_download, name="verifier-download"),
    path("requests/<slug:number>/certificate/", views.certificate_show, name="certificate-show"),
    path(
        "requests/<slug:number>/certificate.json",
        views.certificate_download,
        name="certificate-download",
    ),
]
root_urls: list[URLPattern] = [
    path(
        "certificates/verify_certificate.py",
        views.certificate_kept_verifier,
        name="certificate-kept-verifier",
    ),
    path("certificates/<str:signed>/", views.certificate_kept, name="certificate-kept"),
    path(
        "certificates/<str:signed>/certificate.json",
        views.certificate_kept_download,
        name="certificate-kept-download",
    ),
]
