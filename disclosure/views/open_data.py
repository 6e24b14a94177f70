"""Open data: the list of downloads, the data dictionary, and the files themselves."""

from typing import Any

from django.conf import settings
from django.core.paginator import Paginator
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import etag

from accounts.frame.throttle import come_back_later, is_too_often
from disclosure.columns import CONTENTS
from disclosure.models import FileFormat, Publication, PublishedFile
from disclosure.views.caching import public_page

PER_PAGE = 20
FILES_PER_MINUTE = 60  # more than all files of a province
CONTENT_TYPES = {FileFormat.CSV: "text/csv; charset=utf-8", FileFormat.JSON: "application/json; charset=utf-8"}


def content_names() -> dict[str, str]:
    return {"entries": _("各用人单位"), "figures": _("各地区、各类单位")}


def listed(publication: Publication, route: str = "disclosure:download") -> list[dict[str, Any]]:
    """A publication's files in the form that components/downloads.html takes."""
    return [
        {
            "url": reverse(route, args=[publication.pk, file.name, file.format]),
            "name": _("%(year)s年度%(region)s%(content)s")
            % {
                "year": publication.levy_year,
                "region": publication.region.name,
                "content": content_names()[file.name],
            },
            "format": file.get_format_display(),
            "size": file.size,
            "rows": file.row_count,
            "sha256": file.sha256,
        }
        for file in publication.files.all()
    ]


@public_page
def open_data(request: HttpRequest) -> HttpResponse:
    published = Publication.objects.public().select_related("region").prefetch_related("files")
    page = Paginator(published, PER_PAGE).get_page(request.GET.get("page"))
    offers = [{"publication": publication, "files": listed(publication)} for publication in page]
    context = {"page": page, "offers": offers, "licence": settings.OPEN_DATA_LICENCE, "site": settings.PUBLIC_URL}
    return render(request, "disclosure/open_data.html", context)


@public_page
def data_dictionary(request: HttpRequest) -> HttpResponse:
    """The meaning of every column, from the table that writes the files."""
    contents = [(content_names()[name], name, columns) for name, columns in CONTENTS.items()]
    return render(request, "disclosure/data_dictionary.html", {"contents": contents})


def send(file: PublishedFile) -> FileResponse:
    """The stored bytes, under a name that describes them."""
    return FileResponse(
        file.stored.open("rb"),
        as_attachment=True,
        filename=f"{file.publication}-{file.name}.{file.format}",
        content_type=CONTENT_TYPES[FileFormat(file.format)],
    )


def _public_file(pk: int, name: str, kind: str) -> PublishedFile:
    public = PublishedFile.objects.filter(publication__in=Publication.objects.public())
    return get_object_or_404(public.select_related("publication"), publication=pk, name=name, format=kind)


def _digest(request: HttpRequest, pk: int, name: str, kind: str) -> str:
    return f'"{_public_file(pk, name, kind).sha256}"'


@public_page
@etag(_digest)
def download(request: HttpRequest, pk: int, name: str, kind: str) -> HttpResponse | FileResponse:
    if is_too_often(request, "file", FILES_PER_MINUTE):
        return come_back_later(request)
    return send(_public_file(pk, name, kind))
