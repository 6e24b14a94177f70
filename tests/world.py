"""One county with one object of everything that has an address, for tests that need all of them at once."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from access.models import AccessChange
from access.services.changes import propose
from accounts.models import Appointment, Region, User
from accounts.permissions import Role
from disclosure.services import publications
from exchange.kinds import KINDS
from exchange.services import uploads as files
from levy.models import Assessment, AssessmentRun
from levy.services import corrections
from levy.services.batches import start_batch
from levy.services.notices import issue_notice
from levy.services.parameter_changes import propose_parameter
from quota.enums import NumberKind, ReturnState
from quota.models import DraftPlacement, Employer, HeadcountReturn, Placement, RegionalNumber, VerifiedHeadcount
from quota.services.checks import run_checks
from subsidies.models import Award, Programme
from subsidies.services import awards as rewards
from tests.accounts.factories import RegionFactory, UserFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import (
    EmployerFactory,
    filed_return,
    identity_number,
    placement,
    regional_number,
    verified_year,
)

PROVINCE, PREFECTURE, COUNTY, NEIGHBOUR = "140000", "140100", "140105", "140106"
OTHER_PREFECTURE, OTHER_PROVINCE, RETIRED = "140200", "150000", "140107"
CODES = (PROVINCE, PREFECTURE, COUNTY, NEIGHBOUR, OTHER_PREFECTURE, OTHER_PROVINCE)


@dataclass
class World:
    """`places` are the parts of each object's address by route; `numbers` are the secrets of its people."""

    employer: Employer
    places: dict[str, dict[str, Any]] = field(default_factory=dict)
    numbers: list[str] = field(default_factory=list)


def a_county(code: str = COUNTY) -> World:
    """The county's employer, its years 2025 (open) and 2024 (assessed, corrected, rewarded, published)."""
    for known in CODES:
        RegionFactory(code=known)
    if not RegionalNumber.objects.filter(kind=NumberKind.MINIMUM_WAGE).exists():
        regional_number(NumberKind.MINIMUM_WAGE, "2000")
    world = World(EmployerFactory(region=RegionFactory(code=code), name=f"清和{code}标记公司"))
    _an_assessed_year(world, code)
    _an_open_case(world, code)
    _a_draft(world)
    _what_administrators_do(world, code)
    return world


def _an_assessed_year(world: World, code: str) -> None:
    employer, finance = world.employer, officer(Role.FINANCE_OFFICER, code)
    headcount = verified_year(employer, levy_year=2024, credited=24)
    run = confirmed_run(2024, code)
    assessment = run.assessments.get()
    notice = issue_notice(assessment=_owing(employer, code), actor=officer(Role.LEVY_OFFICER, code))
    batch = start_batch(run=AssessmentRun.objects.get(assessments=notice.assessment), actor=run.confirmed_by)
    award = _an_award(code, finance)
    publication = publications.start_publication(levy_year=2024, region=Region.objects.get(code=code), actor=finance)
    publications.freeze_publication(publication_id=publication.pk)
    VerifiedHeadcount.objects.filter(pk=headcount.pk).update(credited_months=12)
    correction = corrections.propose_correction(
        assessment=assessment, ground="audit", reason="检查发现", actor=officer(Role.LEVY_OFFICER, code)
    )
    year, pk = {"uscc": employer.uscc, "levy_year": 2024}, {"pk": run.pk}
    world.places |= {
        "levy:run_detail": pk,
        "levy:run_report": pk,
        "levy:run_comparison": pk,
        "levy:run_movement": pk | {"movement": "new"},
        "levy:run_report_file": pk,
        "levy:run_step": pk | {"step": "discard"},
        "collection:hand_over": pk,
        "levy:batch_list": pk,
        "levy:batch": {"pk": batch.pk},
        "collection:list_detail": {"code": code, "levy_year": 2024},
        "collection:list_download": {"code": code, "levy_year": 2024},
        "portal:employer_year": year,
        "portal:what_if": year,
        "portal:employer_dates": year,
        "collection:employer_account": {"uscc": employer.uscc},
        "levy:correction_propose": year,
        "levy:correction": {"pk": correction.pk},
        "levy:correction_step": {"pk": correction.pk},
        "levy:notice": {"number": notice.number},
        "levy:notice_file": {"number": notice.number},
        "quota:certificate": {"number": headcount.number},
        "quota:certificate_file": {"number": headcount.number},
        "subsidies:award_detail": {"pk": award.pk},
        "subsidies:award_step": {"pk": award.pk, "step": "refuse"},
        "subsidies:programme_detail": {"pk": award.programme_id},
        "subsidies:programme_check": {"pk": award.programme_id},
        "subsidies:programme_approve": {"pk": award.programme_id, "levy_year": 2024},
        "disclosure:publication_detail": {"pk": publication.pk},
        "disclosure:publication_preview": {"pk": publication.pk, "code": code},
        "disclosure:publication_file": {"pk": publication.pk, "name": "entries"},
        "disclosure:publication_step": {"pk": publication.pk, "step": "discard"},
    }


def _owing(employer: Employer, code: str) -> Assessment:
    """The employer placed more than required in 2024; for 2023 it owes."""
    verified_year(employer, levy_year=2023)
    return confirmed_run(2023, code).assessments.get()


def _an_award(code: str, finance: User) -> Award:
    programme = Programme.objects.create(
        region_id=code, valid_from=date(2020, 1, 1), document_number="测试〔2020〕1号", threshold_ratio="0.015",
        whole_heads=False, minimum_excess=0, severe_counts=2, basis="minimum_wages", rate=6, entered_by=finance,
    )  # fmt: skip
    rewards.PROGRAMMES.approve(programme, actor=officer(Role.FINANCE_OFFICER, code), reason="已与原文核对")
    rewards.compute_awards(programme=programme, levy_year=2024, actor=finance)
    return programme.awards.get()


def _an_open_case(world: World, code: str) -> None:
    identity = identity_number()
    person = placement(world.employer, identity=identity, months=range(1, 7))
    filed = filed_return(world.employer)
    run_checks(levy_year=2025, region_code=code)
    HeadcountReturn.objects.filter(pk=filed.pk).update(state=ReturnState.CHECKED)
    world.numbers += [identity, f"{identity}43"]
    case, one = {"pk": filed.pk}, {"pk": filed.pk, "placement": person.pk}
    world.places |= {
        "quota:certificate_changes_seen": case,
        "quota:case": case,
        "quota:case_step": case,
        "quota:case_person": one,
        "quota:reveal": one,
        "quota:sign_in_code": {"uscc": world.employer.uscc},
    }


def _a_draft(world: World) -> None:
    """The employer's unsubmitted edits."""
    draft = HeadcountReturn.objects.create(
        employer=world.employer, levy_year=2022, source="portal", state=ReturnState.DRAFT, staff_by_month=[9] * 12,
        staff_months=108, total_wages=500_000,
    )  # fmt: skip
    filed = Placement.objects.filter(employer=world.employer).values().first()
    terms = {name: value for name, value in filed.items() if name in {f.attname for f in DraftPlacement._meta.fields}}
    row = DraftPlacement.objects.create(headcount_return=draft, **{k: v for k, v in terms.items() if k != "id"})
    own = {"pk": draft.pk}
    world.places |= {name: own for name in ("quota:return", "quota:placement_add", "quota:return_submit")}
    world.places |= {"quota:receipt": own, "portal:return_amount": own}
    world.places["quota:placement"] = own | {"placement": row.pk}


def _what_administrators_do(world: World, code: str) -> None:
    admin, region = officer(Role.ADMINISTRATOR, code), Region.objects.get(code=code)
    posted = officer(Role.TAX_OFFICER, code)
    change = propose(
        kind=AccessChange.Kind.APPOINT, person=UserFactory(), role=Role.VERIFIER, region=region, reason="任命",
        actor=admin,
    )  # fmt: skip
    parameter = propose_parameter(
        region=region, name=NumberKind.SOCIAL_AVERAGE_WAGE, value="90000", valid_from=date(2026, 1, 1),
        valid_until=None, document_number="晋统〔2027〕1号", source="统计局",
        actor=officer(Role.PARAMETER_ADMINISTRATOR, code),
    )  # fmt: skip
    heading = KINDS["employers"].headings
    upload = SimpleUploadedFile("单位.csv", ",".join(heading).encode())
    file = files.receive_file(kind=KINDS["employers"], upload=upload, actor=posted)
    named = {"code": code, "name": NumberKind.SOCIAL_AVERAGE_WAGE.value}
    world.places |= {
        "access:person": {"pk": posted.pk},
        "access:person_appoint": {"pk": posted.pk},
        "access:person_act": {"pk": posted.pk, "name": "disable"},
        "access:appointment_end": {"pk": Appointment.objects.get(user=posted).pk},
        "access:change_step": {"pk": change.pk},
        "levy:parameter_change": {"pk": parameter.pk},
        "levy:parameter_change_step": {"pk": parameter.pk},
        "levy:parameter_history": named,
        "levy:parameter_propose": named,
        "exchange:file_detail": {"pk": file.pk},
        "exchange:file_write": {"pk": file.pk},
        "exchange:file_faults": {"pk": file.pk},
        "exchange:file_changes": {"pk": file.pk},
        "exchange:file_control": {"pk": file.pk},
        "exchange:file_step": {"pk": file.pk, "step": "reject"},
    }
