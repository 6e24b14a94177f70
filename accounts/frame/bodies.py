"""The request bodies that are read: UTF-8 only, and forms with a bounded number of parts (docs/decisions/0016)."""

import re
from collections.abc import Callable, Iterable
from typing import Any, BinaryIO

from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.core.files.uploadhandler import FileUploadHandler, MemoryFileUploadHandler, TemporaryFileUploadHandler
from django.http.multipartparser import MultiPartParser, MultiPartParserError
from django.utils.http import parse_header_parameters

Application = Callable[..., Iterable[bytes]]

# RFC 2231: such a parameter names a charset of its own, and Python decodes it. No browser sends one in these headers.
ENCODED_PARAMETER = re.compile(r";[^;,=]*\*")
UTF8 = re.compile(r";\s*charset\s*=\s*(?:utf-8|\"utf-8\")\s*(?=;|$)", re.IGNORECASE)
UNREADABLE = "application/octet-stream; charset=unreadable"


def without_charset(content_type: str) -> str | None:
    """The Content-Type without its `charset=utf-8`; None if it names another charset. Reads it as Django does."""
    bare = UTF8.sub("", content_type)
    if ENCODED_PARAMETER.search(bare):
        return None
    return None if "charset" in parse_header_parameters(bare)[1] else bare


def utf8_only(application: Application) -> Application:
    """Hide every charset from Django: for one it decodes the query while it makes the request, before any middleware
    or handler of errors. accounts.frame.middleware.readable_requests refuses an unreadable request."""

    def wrapped(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
        bare = without_charset(environ.get("CONTENT_TYPE", ""))
        environ["CONTENT_TYPE"] = UNREADABLE if bare is None else bare
        return application(environ, start_response)

    return wrapped


class BoundedParts(FileUploadHandler):
    """The only upload handler: Django's own parser and handlers, behind a count of the parts.

    Django counts fields and files but not parts without a name, and each part's header costs up to a millisecond.
    """

    def handle_raw_input(
        self,
        input_data: BinaryIO,
        META: dict[str, Any],
        content_length: int,
        boundary: bytes,
        encoding: str | None = None,
    ) -> tuple[Any, Any]:
        handlers = [MemoryFileUploadHandler(self.request), TemporaryFileUploadHandler(self.request)]
        try:
            return MultiPartParser(META, _Counted(input_data, boundary), handlers, encoding).parse()
        except TypeError as fault:  # of email.utils, for a header with name* and name*0
            raise MultiPartParserError("the header of a part cannot be read") from fault

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes:
        return raw_data

    def file_complete(self, file_size: int) -> None:
        return None


class _Counted:
    """The body of a form; raises TooManyFieldsSent when it has more parts than a form may have fields."""

    def __init__(self, body: BinaryIO, boundary: bytes) -> None:
        self._body = body
        self._separator = b"--" + boundary
        self._left = settings.DATA_UPLOAD_MAX_NUMBER_FIELDS + 1  # the last part ends with a separator too
        self._end = b""

    def read(self, size: int) -> bytes:
        chunk = self._body.read(size)
        seen = self._end + chunk
        self._left -= seen.count(self._separator)
        if self._left < 0:
            raise TooManyFieldsSent("The form has too many parts.")
        self._end = seen[1 - len(self._separator) :]  # a separator may lie across two chunks
        return chunk
