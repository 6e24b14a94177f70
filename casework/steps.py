"""The page before a weighty step: subject, question and consequence; and taking the step from it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.db.models import Model
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render, resolve_url
from django.utils.translation import gettext as _

from accounts.frame.kept_forms import start
from accounts.frame.refusals import turned_back
from accounts.models import User
from audit.errors import DomainError
from audit.queries import handled_from_here
from casework.forms import StepForm
from casework.services.decisions import Decision
from casework.step_words import StepWords


@dataclass(frozen=True, slots=True)
class StepPage:
    """One step of one subject.

    `facts` is the template that shows the subject, with `context`. `crumbs` lead there as (address, text). `stand` is
    the page of the subject: the way back, also after a refusal. `take` takes the step with the valid form. `seen`
    gives the digest of the page, None if the step is valid for any. `form` makes a form with more fields. `onwards`
    gives the page afterwards if it is not `stand`, `done` the message there. `subject` is the row whose earlier steps
    the page compares with this one: it tells if another person took one from the same browser or address.
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
    subject: Model | None = None
    caption: str = ""
    onwards: Callable[[], Any] | None = None
    done: str = ""


def step_page(request: HttpRequest, page: StepPage) -> HttpResponse:
    """Show the page, or take the step and go on. A refusal leads to the page of the subject, with the reason."""
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
    shown["shared"] = handled_from_here(page.subject, but=request.user) if page.subject else []
    return render(request, "casework/step.html", {**page.context, **shown})


def _form(request: HttpRequest, page: StepPage) -> StepForm:
    shown = {"seen": page.seen()} if page.seen else {}
    return StepForm(**start(request, **shown), needs_reason=page.needs_reason, binds=bool(page.seen))


def decision_page(
    decision: Decision, proposal: Any, step: str, person: User, *, words: Mapping[str, StepWords], **shown: Any
) -> StepPage:
    """The page on which a person approves a proposal, or rejects it with a reason; the proposer withdraws it there.

    `words` has the words of each step by its name, and of "withdraw" if it has its own.
    """
    is_approval = step == decision.approval.name
    is_withdrawn = not is_approval and "withdraw" in words and proposal.proposed_by_id == person.pk
    decide = decision.approve if is_approval else decision.reject
    return StepPage(
        **{
            "words": words["withdraw" if is_withdrawn else step],
            "stand": proposal,
            "subject": decision.entry(proposal)["target"],
            "take": lambda form: decide(proposal, actor=person, **form.cleaned_data),
            "needs_reason": not is_approval,
            "seen": (lambda: decision.seen(proposal)) if is_approval else None,
            **shown,
        }
    )
