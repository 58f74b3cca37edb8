"""ETag and If-Match: a change must name the version it was decided on."""

from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from audit.refusals import StaleVersion, VersionMissing


def etag(version: int) -> str:
    return f'"{version}"'


def tagged(response: Response, version: int) -> Response:
    response["ETag"] = etag(version)
    return response


def require_version(request: Request, version: int) -> None:
    """Compare If-Match with the row's version. Raises VersionMissing or StaleVersion."""
    header = request.META.get("HTTP_IF_MATCH", "").strip()
    if not header:
        raise VersionMissing(_("Read the object first and send its ETag in the If-Match header."))
    tags = {tag.strip() for tag in header.split(",")}
    if "*" not in tags and etag(version) not in tags:
        raise StaleVersion(_("The object has changed since you read it. Read it again."))
