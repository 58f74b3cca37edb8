"""Takes a document of any size off the wire, onto disk."""

from collections.abc import Mapping
from contextlib import ExitStack, closing
from typing import IO, Any

from django.core.files.uploadedfile import TemporaryUploadedFile
from django.utils.translation import gettext as _
from rest_framework.parsers import BaseParser, DataAndFiles

from portal.catalog.rules import LONGEST_UPLOAD
from portal.rest.parsing import BodyTooLarge

NAME = "document"
_CHUNK = 64 * 1024


class DocumentParser(BaseParser):
    """The body as one file, unread: what it says is judged where it is imported.

    The file is gone when `until` closes, however the call ends.
    """

    media_type = "application/json"

    def __init__(self, until: ExitStack) -> None:
        self._until = until

    def parse(
        self,
        stream: IO[Any],
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> "DataAndFiles[Any, Any]":
        file = TemporaryUploadedFile(NAME, self.media_type, 0, "utf-8")
        self._until.enter_context(closing(file))
        size = 0
        while chunk := stream.read(_CHUNK):
            size += len(chunk)
            if size > LONGEST_UPLOAD:
                raise BodyTooLarge(_("The document is larger than 150 MB."))
            file.write(chunk)
        file.seek(0)
        file.size = size
        return DataAndFiles({}, {NAME: file})
