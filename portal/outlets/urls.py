"""Addresses of the demo's mailbox."""

from django.urls import URLPattern, path

from portal.outlets import views

root_urls: list[URLPattern] = [
    path("dev/mail/", views.mail_list, name="mail-list"),
    path("dev/mail/<str:token>/", views.mail_show, name="mail-show"),
]
