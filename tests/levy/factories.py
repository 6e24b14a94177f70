"""Confirmed years: the real run, done in this process."""

from accounts.permissions import Role
from levy.models import AssessmentRun
from levy.services import runs
from quota.enums import NumberKind
from quota.models import RegionalNumber
from tests.accounts.factories import RegionFactory, officer
from tests.quota.factories import regional_number


def started_run(levy_year: int = 2025, region: str = "140000") -> AssessmentRun:
    """A run over the existing employers, not computed; ratio 1.5 % and social average 80,000 unless entered."""
    for kind, value in ((NumberKind.REQUIRED_RATIO, "0.015"), (NumberKind.SOCIAL_AVERAGE_WAGE, "80000")):
        if not RegionalNumber.objects.filter(kind=kind).exists():
            regional_number(kind, value)
    starter = officer(Role.LEVY_OFFICER, region)
    return runs.start_run(levy_year=levy_year, region=RegionFactory(code=region), actor=starter)


def draft_run(levy_year: int = 2025, region: str = "140000") -> AssessmentRun:
    """A computed run over the existing employers."""
    run = started_run(levy_year, region)
    for part in run.slices.all():
        runs.assess_slice(run_id=run.pk, number=part.number)
    run.refresh_from_db()
    return run


def confirmed_run(levy_year: int = 2025, region: str = "140000") -> AssessmentRun:
    """A run that two people have checked and confirmed."""
    run = draft_run(levy_year, region)
    runs.check_run(run=run, actor=officer(Role.LEVY_OFFICER, region))
    return runs.confirm_run(run=run, actor=officer(Role.LEVY_OFFICER, region))
