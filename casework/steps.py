"""The page before a weighty step: what, about whom, what follows; and taking the step from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _

from accounts.frame.kept_forms import start
from accounts.frame.refusals import turned_back
from accounts.models import User
from audit.errors import DomainError
from casework.forms import StepForm
from casework.services.decisions import Decision
from casework.step_words import StepWords


@dataclass(frozen=True, slots=True)
class StepPage:
    """One step of one subject.

    `facts` is the template that shows the subject, with `context`. `crumbs` lead there as (address, text); `stand` is
    where the matter stands: the way back, and where a refusal leads. `take` takes the step, given the valid form.
    `seen` gives the digest of what is shown, None where the step holds whatever is shown. `form` makes a form that
    asks for more. `onwards` gives where to go afterwards, if not to `stand`; `done` what is said there.
    """

    words: StepWords
    facts: str
    stand: Any
    take: Callable[[Any], object]
    crumbs: Sequence[tuple[str, object]]
    context: Mapping[str, object] = field(default_factory=dict)
    needs_reason: bool = False
    seen: Callable[[], str] | None = None
    form: Callable[[], BaseForm] | None = None
    about: object = ""
    caption: str = ""
    onwards: Callable[[], Any] | None = None
    done: str = ""


def step_page(request: HttpRequest, page: StepPage) -> HttpResponse:
    """Show the page, or take the step and go on. A refusal leads to where the matter stands now, with the reason."""
    form = None
    try:
        form = page.form() if page.form else _form(request, page)
        if form.is_valid():
            page.take(form)
            messages.success(request, page.done or page.words.done or _("已办理：%s。") % page.words.button)
            return redirect(page.onwards() if page.onwards else page.stand)
    except DomainError as refusal:
        return turned_back(request, refusal, form, page.stand)
    shown = {"page": page, "words": page.words, "form": form, "stand": resolve_url(page.stand)}
    return render(request, "casework/step.html", {**page.context, **shown})


def _form(request: HttpRequest, page: StepPage) -> StepForm:
    shown = {"seen": page.seen()} if page.seen else {}
    return StepForm(**start(request, **shown), needs_reason=page.needs_reason, binds=bool(page.seen))


def decision_page(
    decision: Decision, proposal: Any, step: str, person: User, *, words: Mapping[str, StepWords], **shown: Any
) -> StepPage:
    """The page on which a person approves a proposal, or rejects it with a reason; who proposed it withdraws it.

    `words` are by the names of the steps, with "withdraw" where that has its own.
    """
    is_approval = step == decision.approval.name
    is_withdrawn = not is_approval and "withdraw" in words and proposal.proposed_by_id == person.pk
    decide = decision.approve if is_approval else decision.reject
    return StepPage(
        **{
            "words": words["withdraw" if is_withdrawn else step],
            "stand": proposal,
            "take": lambda form: decide(proposal, actor=person, **form.cleaned_data),
            "needs_reason": not is_approval,
            "seen": (lambda: decision.seen(proposal)) if is_approval else None,
            **shown,
        }
    )
