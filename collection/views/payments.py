"""Payments that differ from the amounts due, as a file."""

from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.views.decorators.http import require_safe

from accounts.permissions import Permission, requires
from audit.services import record
from collection.kinds import PAYMENTS
from collection.queries.payment_match import mismatch_csv
from exchange.models import FileState
from exchange.queries import file_for

MISMATCHES = "levy.payments.mismatches"


@requires(Permission.LOAD_FILINGS, Permission.LOAD_REGISTERS, Permission.LOAD_TAX_FILES, Permission.MANAGE_PARAMETERS)
@require_safe
def payment_mismatches(request: HttpRequest, pk: int) -> HttpResponse:
    """The employers whose payments differ from the amount due; the download is recorded."""
    file = file_for(request.user, pk)
    if file.kind != PAYMENTS.name or file.state != FileState.APPLIED:
        raise Http404
    record(actor=request.user, action=MISMATCHES, target=file, region_code=file.region_id or "", details={})
    response = StreamingHttpResponse(mismatch_csv(file), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="mismatches-{file.pk}.csv"'
    return response
