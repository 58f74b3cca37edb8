"""The WSGI application that the web server imports."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")

application = get_wsgi_application()

from portal.queue.publishing import prepare  # noqa: E402  (models must be loaded)

prepare()  # not in the request that publishes first
