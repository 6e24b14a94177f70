"""Exchange files: upload one, look at what it would do, have it written, hand its faults back."""

from io import BytesIO
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.broker import hurry
from accounts.permissions import Permission, requires
from accounts.scoping import RegionScopedQuerySet
from audit.errors import DomainError
from audit.services import record, trail_of
from levy.exchange import KINDS, PAYMENTS
from levy.forms import UploadForm, WriteFileForm
from levy.services import files
from levy.services.payment_match import match_lines, mismatch_csv
from levy.tasks import work_on_file
from quota.exchange.fault_book import blank_workbook
from quota.models import ImportedFile
from quota.models.exchange import AT_WORK, FileState

PER_PAGE = 25
REFRESH_SECONDS = 2
MISMATCHES = "levy.payments.mismatches"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
LOADING = (
    Permission.LOAD_FILINGS,
    Permission.LOAD_REGISTERS,
    Permission.LOAD_TAX_FILES,
    Permission.MANAGE_PARAMETERS,
)


@requires(*LOADING)
@require_http_methods(["GET", "POST"])
def file_list(request: HttpRequest) -> HttpResponse:
    kinds = files.kinds_for(request.user)
    form = UploadForm(request.POST or None, request.FILES or None, kinds=kinds)
    if form.is_valid():
        file = files.receive_file(
            kind=KINDS[form.cleaned_data["kind"]], upload=form.cleaned_data["file"], actor=request.user
        )
        _work_on(request, file)
        return redirect("levy:file_detail", file.pk)
    page = Paginator(_visible(request), PER_PAGE).get_page(request.GET.get("page"))
    for file in page:
        file.kind_label = KINDS[file.kind].label
    return render(request, "levy/file_list.html", {"form": form, "kinds": kinds, "page": page})


@requires(*LOADING)
@require_safe
def file_detail(request: HttpRequest, pk: int) -> HttpResponse:
    file = _file(request, pk)
    context: dict[str, Any] = {
        "file": file,
        "kind": KINDS[file.kind],
        "refresh": REFRESH_SECONDS if file.state in AT_WORK else 0,
        "trail": trail_of(file)[:20],
        "may_write": files.may_write(file, request.user),
        "waits_for_second": files.waits_for_second_person(file, request.user),
    }
    if _is_matched(file):
        lines = match_lines(file)
        context |= {"match": lines, "mismatches": any(line.employers for line in lines if line.case != "settled")}
    return render(request, "levy/file_detail.html", context)


def _is_matched(file: ImportedFile) -> bool:
    return file.kind == PAYMENTS.name and file.state == FileState.APPLIED


@requires(*LOADING)
@require_safe
def file_mismatches(request: HttpRequest, pk: int) -> HttpResponse:
    """The employers whose payments do not meet what is due; the download is recorded."""
    file = _file(request, pk)
    if not _is_matched(file):
        raise Http404
    record(actor=request.user, action=MISMATCHES, target=file, region_code=file.region_id or "", details={})
    response = StreamingHttpResponse(mismatch_csv(file), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="mismatches-{file.pk}.csv"'
    return response


@requires(*LOADING)
@require_http_methods(["GET", "POST"])
def file_write(request: HttpRequest, pk: int) -> HttpResponse:
    """The page before writing: what is about to change."""
    file = _file(request, pk)
    form = WriteFileForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            file = files.order_writing(file=file, only_sound_rows=bool(file.fault_count), actor=request.user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            _work_on(request, file)
        return redirect("levy:file_detail", file.pk)
    if not files.may_write(file, request.user):
        return redirect("levy:file_detail", file.pk)
    return render(request, "levy/file_write.html", {"file": file, "kind": KINDS[file.kind], "form": form})


@requires(*LOADING)
@require_safe
def file_faults(request: HttpRequest, pk: int) -> HttpResponse:
    file = _file(request, pk)
    try:
        book = files.fault_workbook(file=file, actor=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("levy:file_detail", file.pk)
    return _workbook(book, _("错误清单-%s.xlsx") % file.name.rpartition(".")[0])


@requires(*LOADING)
@require_safe
def file_template(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty workbook of the kind, its columns set to text so that no code is turned into a number."""
    if kind not in KINDS:
        raise Http404
    target = BytesIO()
    blank_workbook(KINDS[kind], target)
    return _workbook(target.getvalue(), f"{KINDS[kind].label}.xlsx")


def _workbook(content: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
    return HttpResponse(content, content_type=XLSX, headers=headers)


def _work_on(request: HttpRequest, file: ImportedFile) -> None:
    """A small file at once, a larger one by a worker; if the broker is silent, the sweeper sends it."""
    if files.is_small(file):
        work_on_file(file.pk)
        return
    with hurry(request):
        work_on_file.apply_async((file.pk,), retry=False)


def _visible(request: HttpRequest) -> RegionScopedQuerySet:
    """Files of each kind from the regions where the person may load it."""
    found = ImportedFile.objects.none()
    for kind in files.kinds_for(request.user):
        found |= ImportedFile.objects.within_right(request.user, kind.permission).filter(kind=kind.name)
    return found.select_related("loaded_by", "applied_by")


def _file(request: HttpRequest, pk: int) -> ImportedFile:
    file = get_object_or_404(ImportedFile.objects.visible_to(request.user).select_related("loaded_by"), pk=pk)
    if not request.user.can(KINDS[file.kind].permission, file.region_id):
        raise PermissionDenied
    return file
