"""Documents on paper: sheets of HTML become PDF bytes in one function, which reaches nothing while it does."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from threading import Lock
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.staticfiles import finders
from django.http import FileResponse, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.html import strip_tags
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError
from design.typesetting import spaced

STYLESHEET = "css/document.css"
VARIANT = {"pdf_variant": "pdf/ua-1"}
# 25 notices have 230,000 characters, 30,000 of them text. tests/design/test_pdf.py measures what the most costs.
MAX_CHARACTERS = 500_000
MAX_TEXT = 150_000
_one_at_a_time = Lock()  # Pango is not made for threads, and so a process never holds more than one document


class PdfUnavailable(DomainError):
    code = "pdf_unavailable"
    message = _("本系统未开启PDF功能，请直接打印网页，内容与PDF相同。")


class DocumentTooLarge(DomainError):
    code = "document_too_large"
    message = _("文书内容过长，不能生成PDF，请缩小范围。")


@dataclass(frozen=True, slots=True)
class Pdf:
    """The file, and on which page, from 1, each element with an id begins."""

    content: bytes
    page_count: int
    page_of: Mapping[str, int]


def sheet(template: str, context: Mapping[str, Any]) -> SafeString:
    """One document as an <article class="a4">, for the screen and for paper: in Chinese whatever the reader speaks."""
    with translation.override(settings.LANGUAGE_CODE):
        return render_to_string(template, context)


def render_pdf(*, title: str, dated: datetime, sheets: Sequence[SafeString]) -> Pdf:
    """A tagged PDF/UA-1 file with the bundled fonts; the same sheets and date always give the same bytes.

    Nothing is fetched, whatever address the text may name. Raises PdfUnavailable, DocumentTooLarge.
    """
    if not settings.PDF_ENABLED:
        raise PdfUnavailable
    html = printed_page(title=title, dated=dated, sheets=sheets)
    if len(html) > MAX_CHARACTERS or len(strip_tags(html)) > MAX_TEXT:
        raise DocumentTooLarge
    # WeasyPrint takes a second to import and needs Pango: only where a document is rendered.
    from weasyprint import HTML

    with _one_at_a_time:
        document = HTML(string=html, url_fetcher=_nothing()).render(stylesheets=[_stylesheet()], **VARIANT)
        return Pdf(document.write_pdf(**VARIANT), len(document.pages), _page_of(document.pages))


def printed_page(*, title: str, dated: datetime, sheets: Sequence[SafeString]) -> str:
    """The HTML that a file is rendered from."""
    papers = [mark_safe(spaced(paper)) for paper in sheets]
    return sheet("layout/print.html", {"title": title, "dated": dated, "sheets": papers})


def _page_of(pages: Sequence[Any]) -> dict[str, int]:
    """An element that runs over several pages begins on the first of them."""
    backwards = reversed(list(enumerate(pages, 1)))
    return {anchor: number for number, page in backwards for anchor in page.anchors}


def pdf_response(
    request: HttpRequest, render: Callable[[], Pdf], *, file_name: str, twin: HttpResponse
) -> HttpResponse | FileResponse:
    """The file; or its twin on screen, with a sentence on why there is no file."""
    try:
        pdf = render()
    except (PdfUnavailable, DocumentTooLarge) as refusal:
        messages.warning(request, str(refusal))
        return twin
    return FileResponse(BytesIO(pdf.content), filename=file_name, content_type="application/pdf")


@cache
def _nothing() -> Any:
    """A fetcher that knows no protocol, so that it refuses every address."""
    from weasyprint.urls import URLFetcher

    return URLFetcher(allowed_protocols=())


@cache
def _stylesheet() -> Any:
    from weasyprint import CSS

    return CSS(string=Path(finders.find(STYLESHEET)).read_text(encoding="utf-8"), url_fetcher=_nothing())
