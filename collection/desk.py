"""Lists that wait for the tax bureau, the menu entries, and the place for panels on the collection page."""

from collections.abc import Iterable
from typing import Any

from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.models import User
from accounts.permissions import Permission
from audit.workflow import allowed
from casework.desk import MenuEntry, Place, Waiting, beside, menu, source
from collection.workflow import HAND_OVER, HAND_OVER_WORDS
from levy.desk import RUN, waiting_runs
from levy.models import AssessmentRun, RunState

# Its panels get the levy year and the region.
COLLECTION = Place("collection:collection")
menu(
    MenuEntry(60, "collection:list_choose", gettext_lazy("征收清单"), (Permission.DOWNLOAD_LEVY_LIST,)),
    MenuEntry(70, "collection:collection", gettext_lazy("征缴情况"), (Permission.DOWNLOAD_LEVY_LIST,)),
)


@source
def lists_to_take_over(user: User) -> Iterable[Waiting]:
    """Confirmed runs, and on a second line corrections and supplements, each of which is a run of one employer."""
    if user.may_somewhere(Permission.TAKE_OVER_LIST):
        confirmed = AssessmentRun.objects.filter(state=RunState.CONFIRMED)
        mine = confirmed.within_right(user, Permission.TAKE_OVER_LIST)
        yield waiting_runs(_("征收清单待接收"), mine.filter(is_correction=False), "confirmed_at")
        yield waiting_runs(_("更正或补充核定待接收"), mine.filter(is_correction=True), "confirmed_at")


@beside(RUN, "collection/_hand_over.html")
def hand_over_of_run(reader: User, run: AssessmentRun) -> dict[str, Any] | None:
    """The button to take over the list of a run, for people with the right to."""
    if not allowed(run, [HAND_OVER], actor=reader, region_code=run.region_id):
        return None
    return {"url": reverse("collection:hand_over", args=[run.pk]), "button": HAND_OVER_WORDS.button}
