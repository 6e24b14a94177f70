"""Documents: one notice on screen and as a file, the notices of a run as one file, and the run's report."""

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.frame.enqueue import enqueue_or_warn
from accounts.permissions import Permission, requires
from accounts.scoping import RegionScopedQuerySet, scoped_object
from audit.errors import DomainError
from audit.services import record
from design.pdf import pdf_response
from levy.documents.notice import notice_pdf, notice_sheets
from levy.documents.run_report import report_pdf, report_sheet
from levy.models import Assessment, AssessmentRun, DocumentBatch, Notice
from levy.models.documents import BatchState
from levy.models.runs import COMPUTED_STATES
from levy.queries.documents import replacement_of
from levy.services.batches import start_batch
from levy.services.notices import issue_notice
from levy.tasks import render_notices

REFRESH_SECONDS = 2


@requires(Permission.VIEW_EMPLOYERS, Permission.FILE_RETURN)
@require_safe
def notice(request: HttpRequest, number: str) -> HttpResponse:
    found = _notice(request, number)
    replacement = replacement_of(found.assessment)
    context = {
        "notice": found,
        "sheet": notice_sheets([found])[0],
        "is_replaced": replacement is not None,
        "replaced_by": getattr(replacement, "notice", None),
        "pdf_enabled": settings.PDF_ENABLED,
    }
    return render(request, "levy/notice.html", context)


@requires(Permission.VIEW_EMPLOYERS, Permission.FILE_RETURN)
@require_safe
def notice_file(request: HttpRequest, number: str) -> HttpResponseBase:
    found = _notice(request, number)
    twin = redirect("levy:notice", number)
    return pdf_response(request, lambda: notice_pdf([found]), file_name=f"{number}.pdf", twin=twin)


def _notice(request: HttpRequest, number: str) -> Notice:
    """A notice of the person's own employer, or of one in an officer's region: 404 outside, 403 without the right."""
    found = get_object_or_404(Notice.objects.visible_to(request.user).with_contents(), number=number)
    is_own = found.assessment.employer.memberships.filter(user=request.user).exists()
    if not is_own and not request.user.can(Permission.VIEW_EMPLOYERS, found.assessment.region_id):
        raise PermissionDenied
    return found


@requires(Permission.CONFIRM_ASSESSMENT)
@require_POST
def notice_issue(request: HttpRequest, pk: int) -> HttpResponse:
    assessment = scoped_object(
        Assessment.objects.select_related("run"), request.user, Permission.CONFIRM_ASSESSMENT, pk=pk
    )
    try:
        issued = issue_notice(assessment=assessment, actor=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("levy:run_detail", assessment.run_id)
    return redirect("levy:notice", issued.number)


@requires(Permission.VIEW_RUNS)
@require_safe
def run_report(request: HttpRequest, pk: int) -> HttpResponse:
    run = _reportable(request, pk)
    context = {"run": run, "sheet": report_sheet(run), "pdf_enabled": settings.PDF_ENABLED}
    return render(request, "levy/run_report.html", context)


@requires(Permission.VIEW_RUNS)
@require_safe
def run_report_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    run = _reportable(request, pk)
    twin = redirect("levy:run_report", pk)
    return pdf_response(request, lambda: report_pdf(run), file_name=f"核定报告-{run}.pdf", twin=twin)


def _reportable(request: HttpRequest, pk: int) -> AssessmentRun:
    run = scoped_object(_runs(), request.user, Permission.VIEW_RUNS, pk=pk)
    if run.state not in COMPUTED_STATES:
        raise Http404
    return run


def _runs() -> RegionScopedQuerySet:
    return AssessmentRun.objects.select_related(
        "region", "policy_version", "started_by", "checked_by", "confirmed_by", "handed_over_by"
    )


@requires(Permission.VIEW_RUNS)
@require_http_methods(["GET", "POST"])
def batch_list(request: HttpRequest, pk: int) -> HttpResponse:
    """The printed batches of a run; POST starts another."""
    needed = Permission.CONFIRM_ASSESSMENT if request.method == "POST" else Permission.VIEW_RUNS
    run = scoped_object(_runs(), request.user, needed, pk=pk)
    if request.method == "POST":
        return _start(request, run)
    context = {
        "run": run,
        "batches": run.document_batches.select_related("created_by"),
        "can_start": request.user.can(Permission.CONFIRM_ASSESSMENT, run.region_id),
        "pdf_enabled": settings.PDF_ENABLED,
    }
    return render(request, "levy/batch_list.html", context)


def _start(request: HttpRequest, run: AssessmentRun) -> HttpResponse:
    try:
        batch = start_batch(run=run, actor=request.user)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("levy:batch_list", run.pk)
    with enqueue_or_warn(request):
        render_notices.apply_async((batch.pk,), retry=False)
    return redirect("levy:batch", batch.pk)


@requires(Permission.VIEW_RUNS)
@require_safe
def batch(request: HttpRequest, pk: int) -> HttpResponse:
    found = scoped_object(_batches(), request.user, Permission.VIEW_RUNS, region_of="run.region_id", pk=pk)
    context = {
        "batch": found,
        "run": found.run,
        "refresh": REFRESH_SECONDS if found.state == BatchState.WORKING else 0,
        "can_download": request.user.can(Permission.DOWNLOAD_LEVY_LIST, found.run.region_id),
    }
    return render(request, "levy/batch.html", context)


@requires(Permission.DOWNLOAD_LEVY_LIST)
@require_safe
def batch_file(request: HttpRequest, pk: int) -> HttpResponseBase:
    found = scoped_object(_batches(), request.user, Permission.DOWNLOAD_LEVY_LIST, region_of="run.region_id", pk=pk)
    if found.state != BatchState.DONE:
        raise Http404
    record(
        actor=request.user,
        action="levy.documentbatch.download",
        target=found,
        region_code=found.run.region_id,
        details={"sha256": found.sha256},
    )
    name = _("征收核定通知书-%s.zip") % found.run
    return FileResponse(found.result.open(), as_attachment=True, filename=name, content_type="application/zip")


def _batches() -> RegionScopedQuerySet:
    return DocumentBatch.objects.select_related("run__region", "created_by")
