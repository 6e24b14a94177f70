"""Publications of a small confirmed province, made by the real services."""

from datetime import date
from decimal import Decimal

from accounts.permissions import Role
from collection.models import Payment
from disclosure.models import Publication
from disclosure.services import publications as services
from law.codes import EntityType
from quota.models import Employer
from tests.accounts.factories import RegionFactory, officer
from tests.levy.factories import confirmed_run
from tests.quota.factories import EmployerFactory, verified_year

SHANXI, TAIYUAN, XIAODIAN, YINGZE, DATONG, PINGCHENG = "140000", "140100", "140105", "140106", "140200", "140213"


def finance(region: str = SHANXI):
    return officer(Role.FINANCE_OFFICER, region)


def regions() -> None:
    names = {
        SHANXI: "山西省",
        TAIYUAN: "太原市",
        XIAODIAN: "小店区",
        YINGZE: "迎泽区",
        DATONG: "大同市",
        PINGCHENG: "平城区",
    }
    for code, name in names.items():
        RegionFactory(code=code, name=name)


def employer(region: str = XIAODIAN, **fields: object) -> Employer:
    return EmployerFactory(region=RegionFactory(code=region), **fields)


def mixed_employers() -> dict[str, Employer]:
    """One employer of each kind of result, all registered in Xiaodian, by default with 100 staff at 60,000 yuan.

    above: 24 of 18 person-months; half: 12 of 18 (6 × 60,000 ÷ 12 × 50 % = 15,000.00); late: nothing credited (18 ×
    5,000 × 90 % = 81,000.00); small: 20 staff; missing: nothing known; trader: not published.
    """
    above, half, late = employer(name="清和精密制造有限公司"), employer(), employer(entity_type=EntityType.INSTITUTION)
    small, missing = employer(), employer(entity_type=EntityType.ASSOCIATION)
    trader = employer(entity_type=EntityType.SOLE_TRADER)
    verified_year(above, credited=24)
    verified_year(half, credited=12)
    verified_year(late, credited=0, filed_on=date(2026, 11, 9), is_late=True)
    verified_year(small, staff=20, wages="1200000.00")
    return {"above": above, "half": half, "late": late, "small": small, "missing": missing, "trader": trader}


def pay(payer: Employer, amount: str, levy_year: int = 2025) -> Payment:
    return Payment.objects.create(
        receipt_number=f"R{payer.pk}-{Payment.objects.count()}",
        employer=payer,
        levy_year=levy_year,
        amount=Decimal(amount),
        received_on=date(levy_year + 1, 11, 20),
        budget_level="县级",
    )


def draft(levy_year: int = 2025, region: str = SHANXI, **fields: object) -> Publication:
    """A prepared version of a confirmed year."""
    publication = services.start_publication(
        levy_year=levy_year, region=RegionFactory(code=region), actor=finance(region), **fields
    )
    services.freeze_publication(publication_id=publication.pk)
    publication.refresh_from_db()
    return publication


def published(levy_year: int = 2025, region: str = SHANXI, **fields: object) -> Publication:
    return services.PUBLICATIONS.approve(draft(levy_year, region, **fields), actor=finance(region))


def published_province(levy_year: int = 2025) -> Publication:
    """The mixed employers of one confirmed year, published."""
    regions()
    mixed_employers()
    confirmed_run(levy_year)
    return published(levy_year)
