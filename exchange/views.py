"""Exchange files: upload one, see what it would change, order the writing, download its faults."""

from io import BytesIO
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import content_disposition_header
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts.frame.enqueue import enqueue_or_warn
from accounts.frame.kept_forms import keeps_typing, start
from accounts.models import User
from accounts.permissions import Permission, requires
from audit.errors import DomainError
from audit.queries import trail_of
from casework.steps import StepPage, step_page
from exchange.engine.control import ControlTotals
from exchange.engine.fault_book import blank_workbook
from exchange.errors import FileRefused, StorageFull
from exchange.forms import ControlForm, UploadForm, WriteFileForm
from exchange.kinds import KINDS
from exchange.models import AT_WORK, FileState, ImportedFile
from exchange.queries import (
    control_of,
    file_for,
    hides_amounts,
    kinds_for,
    matters_of,
    may_approve,
    may_write,
    visible_files,
    waits_for_second_person,
)
from exchange.services import uploads
from exchange.services.approvals import decision_about, enter_control
from exchange.tasks import work_on_file
from exchange.workflow import CONTROL_WORDS, FILE_WORDS

PER_PAGE = 25
REFRESH_SECONDS = 2
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
    kinds = kinds_for(request.user)
    form = UploadForm(request.POST or None, request.FILES or None, kinds=kinds)
    if form.is_valid():
        kind, upload = KINDS[form.cleaned_data["kind"]], form.cleaned_data["file"]
        try:
            file = uploads.receive_file(kind=kind, upload=upload, actor=request.user)
        except StorageFull as refusal:
            form.add_error("file", str(refusal))
        else:
            _work_on(request, file)
            return redirect("exchange:file_detail", file.pk)
    page = Paginator(visible_files(request.user), PER_PAGE).get_page(request.GET.get("page"))
    for file in page:
        file.kind_label = KINDS[file.kind].label
    return render(request, "exchange/file_list.html", {"form": form, "kinds": kinds, "page": page})


@requires(*LOADING)
@require_safe
def file_detail(request: HttpRequest, pk: int) -> HttpResponse:
    file = file_for(request.user, pk)
    context: dict[str, Any] = {
        "file": file,
        "kind": KINDS[file.kind],
        "refresh": REFRESH_SECONDS if file.state in AT_WORK else 0,
        "trail": trail_of(file)[:20],
        "matters": matters_of(file, request.user),
        "control": (control := control_of(file)),
        "differs": any(line.differs for line in control),
        "hides_amounts": hides_amounts(file, request.user),
        "may_write": may_write(file, request.user),
        "may_approve": may_approve(file, request.user),
        "waits_for_second": waits_for_second_person(file, request.user),
    }
    followed_by = KINDS[file.kind].followed_by
    if followed_by and file.state == FileState.APPLIED:
        context["following"] = followed_by(file)
    return render(request, "exchange/file_detail.html", context)


@requires(*LOADING)
@require_http_methods(["GET", "POST"])
def file_write(request: HttpRequest, pk: int) -> HttpResponse:
    """The page before writing: what is about to change."""
    file = file_for(request.user, pk)
    form = WriteFileForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            file = uploads.order_writing(file=file, only_sound_rows=bool(file.fault_count), actor=request.user)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            _work_on(request, file)
        return redirect("exchange:file_detail", file.pk)
    if not may_write(file, request.user):
        return redirect("exchange:file_detail", file.pk)
    return render(request, "exchange/file_write.html", {"file": file, "kind": KINDS[file.kind], "form": form})


@requires(*LOADING)
@keeps_typing
@require_http_methods(["GET", "POST"])
def file_step(request: HttpRequest, pk: int, step: str) -> HttpResponse:
    """The second person approves or rejects a file; the uploader withdraws it."""
    file = file_for(request.user, pk)
    decision = decision_about(file)
    steps = {"approve": decision.approve, "reject": decision.reject}
    if step not in steps:
        raise Http404
    is_approval, is_own = step == "approve", file.loaded_by_id == request.user.pk
    stand = reverse("exchange:file_detail", args=[file.pk])
    if is_approval and hides_amounts(file, request.user):
        return redirect("exchange:file_control", file.pk)
    page = StepPage(
        words=FILE_WORDS["withdraw" if is_own and not is_approval else step],
        facts="exchange/_file_changes.html",
        context={
            "file": file,
            "kind": KINDS[file.kind],
            "matters": matters_of(file, request.user),
            "control": control_of(file),
            "hides_amounts": hides_amounts(file, request.user),
            "shows_changes": is_approval,
        },
        crumbs=[(reverse("exchange:file_list"), _("文件导入")), (stand, file.name)],
        stand=stand,
        about=file.name,
        subject=file,
        take=lambda form: _decided(request, steps[step](file, actor=request.user, **form.cleaned_data)),
        needs_reason=not is_approval or decision.approval.needs_reason,
        seen=(lambda: decision.seen(file)) if is_approval else None,
    )
    return step_page(request, page)


def _decided(request: HttpRequest, file: ImportedFile) -> None:
    if file.state == FileState.WRITING:
        _work_on(request, file)


@requires(*LOADING)
@require_http_methods(["GET", "POST"])
def file_control(request: HttpRequest, pk: int) -> HttpResponse:
    """The second person types the other office's totals; the file's are not shown before."""
    file = file_for(request.user, pk)
    control, stand = KINDS[file.kind].control, reverse("exchange:file_detail", args=[file.pk])
    if control is None or not hides_amounts(file, request.user):
        return redirect(stand)
    page = StepPage(
        words=CONTROL_WORDS,
        facts="exchange/_control_facts.html",
        context={"file": file, "kind": KINDS[file.kind], "paper": control.paper},
        crumbs=[(reverse("exchange:file_list"), _("文件导入")), (stand, file.name)],
        stand=stand,
        about=file.name,
        subject=file,
        take=lambda form: _compared(file, ControlTotals(**form.cleaned_data), request.user),
        form=lambda: ControlForm(**start(request), control=control),
        onwards=lambda: reverse("exchange:file_step", args=[file.pk, "approve"]),
        done=_("与文件一致。请查看变动后批准或不批准。"),
    )
    return step_page(request, page)


def _compared(file: ImportedFile, typed: ControlTotals, actor: User) -> None:
    """Raises FileRefused with both totals if they differ; the file is then rejected."""
    rejected = enter_control(file=file, typed=typed, actor=actor)
    if rejected.state == FileState.REJECTED:
        raise FileRefused(_("与文件不一致，文件未写入，两者已记录：%(lines)s。") % {"lines": _differences(rejected)})


def _differences(file: ImportedFile) -> str:
    named = _("%(label)s录入%(typed)s、文件%(found)s")
    lines = [line for line in control_of(file) if line.differs]
    return "；".join(
        named % {"label": line.label, "typed": f"{line.typed:,}", "found": f"{line.found:,}"} for line in lines
    )


@requires(*LOADING)
@require_safe
def file_changes(request: HttpRequest, pk: int) -> HttpResponse:
    """Every row of a file that needs a second person, with its old and new values."""
    file = file_for(request.user, pk)
    try:
        content = uploads.listed_changes(file=file, actor=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("exchange:file_detail", file.pk)
    headers = {"Content-Disposition": f'attachment; filename="changes-{file.pk}.csv"'}
    return HttpResponse(content, content_type="text/csv; charset=utf-8", headers=headers)


@requires(*LOADING)
@require_safe
def file_faults(request: HttpRequest, pk: int) -> HttpResponse:
    file = file_for(request.user, pk)
    try:
        book = uploads.fault_workbook(file=file, actor=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("exchange:file_detail", file.pk)
    return _workbook(book, _("错误清单-%s.xlsx") % file.name.rpartition(".")[0])


@requires(*LOADING)
@require_safe
def file_template(request: HttpRequest, kind: str) -> HttpResponse:
    """An empty workbook of the kind. Its columns are text, so that no code becomes a number."""
    if kind not in KINDS:
        raise Http404
    target = BytesIO()
    blank_workbook(KINDS[kind], target)
    return _workbook(target.getvalue(), f"{KINDS[kind].label}.xlsx")


def _workbook(content: bytes, name: str) -> HttpResponse:
    headers = {"Content-Disposition": content_disposition_header(as_attachment=True, filename=name)}
    return HttpResponse(content, content_type=XLSX, headers=headers)


def _work_on(request: HttpRequest, file: ImportedFile) -> None:
    """Work on a small file at once and send a larger one to a worker. If the broker is silent, the sweeper sends
    it."""
    if uploads.is_small(file):
        work_on_file(file.pk)
        return
    with enqueue_or_warn(request):
        work_on_file.apply_async((file.pk,), retry=False)
