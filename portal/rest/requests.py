"""The request as the API's views see it: who acts and when are always set."""

from datetime import datetime

from rest_framework.request import Request

from tenants.access import Actor


class ApiRequest(Request):
    actor: Actor
    at: datetime
