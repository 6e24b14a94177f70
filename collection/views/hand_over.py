"""The page on which the tax bureau takes over the list of a confirmed run."""

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import Permission, requires
from accounts.scoping import scoped_object
from casework.decisions import digest_of
from casework.steps import StepPage, step_page
from collection.services.hand_over import hand_over_run
from collection.workflow import HAND_OVER_WORDS
from levy.models import AssessmentRun
from levy.services.runs import shown_of_run


@requires(Permission.TAKE_OVER_LIST)
@require_http_methods(["GET", "POST"])
def hand_over(request: HttpRequest, pk: int) -> HttpResponse:
    found = AssessmentRun.objects.select_related(
        "region", "policy_version", "started_by", "checked_by", "confirmed_by"
    )
    run = scoped_object(found, request.user, Permission.TAKE_OVER_LIST, pk=pk)
    page = StepPage(
        words=HAND_OVER_WORDS,
        facts="levy/_run_facts.html",
        context={"run": run},
        crumbs=[(reverse("levy:run_list"), _("核定批次")), (run.get_absolute_url(), run)],
        stand=run,
        take=lambda form: hand_over_run(run=run, actor=request.user, **form.cleaned_data),
        seen=lambda: digest_of(*shown_of_run(run)),
    )
    return step_page(request, page)
