"""The portal's addresses as the demo has them."""

from portal.sso.development.urls import development_urls
from portal.urls import urlpatterns as portal_urls

urlpatterns = [*portal_urls, *development_urls]
