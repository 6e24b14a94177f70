"""The dependants of a division: what a change of it would touch."""

from dataclasses import dataclass

from accounts.models import Appointment, Region
from levy.models import AssessmentRun, RegionChange
from levy.models.runs import LIVE_STATES
from quota.enums import ReturnState
from quota.models import Employer, HeadcountReturn

OPEN = [ReturnState.SUBMITTED, ReturnState.CHECKED, ReturnState.REVIEWED, ReturnState.SENT_BACK]


@dataclass(frozen=True, slots=True)
class Attached:
    """The dependants of a division and of all below it: divisions in force, employers, people with a post in force,
    live runs that cover any of it, filed returns without a decision."""

    below: int
    employers: int
    people: int
    runs: list[int]
    returns: int


def attached_to(region: Region) -> Attached:
    """Count the dependants, in five queries."""
    posts = Appointment.objects.in_force().filter(region__code__startswith=region.prefix)
    runs = AssessmentRun.objects.filter(state__in=LIVE_STATES, region__code__startswith=region.code[:2])
    return Attached(
        below=Region.objects.filter(code__startswith=region.prefix, valid_until=None).exclude(pk=region.pk).count(),
        employers=Employer.objects.in_region(region.code).count(),
        people=posts.order_by().values("user").distinct().count(),
        runs=[
            run.pk
            for run in runs.select_related("region").order_by("pk")
            if run.region.contains(region.code) or region.contains(run.region_id)
        ],
        returns=HeadcountReturn.objects.filter(
            employer__region__code__startswith=region.prefix, state__in=OPEN
        ).count(),
    )


def standing(change: RegionChange) -> tuple[Region | None, Attached | None]:
    """The division as it is now, and its dependants; None twice for a division that does not exist yet."""
    region = Region.objects.filter(code=change.code).first()
    return region, attached_to(region) if region else None
