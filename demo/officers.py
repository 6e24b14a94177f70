"""The people of the demo's offices: enough of each that two of them can share a case."""

from dataclasses import dataclass

from django.contrib.auth.hashers import make_password
from django.db import transaction

from access.services.changes import create_person
from accounts.models import Region, User, region_prefix
from accounts.permissions import Role
from accounts.services import appoint
from demo.names import GIVEN, SURNAMES
from demo.places import CAPITAL, DISTRICT, PROVINCE

PASSWORD = "canbaojin-2026"  # printed at the end; these accounts exist in the demo only
EMPLOYER = "employer"

OFFICES = {"shanxi": PROVINCE, "taiyuan": CAPITAL, "xiaodian": DISTRICT}
# Four eyes: where a second person must confirm, there are two.
PEOPLE = {
    Role.VERIFIER: ("verifier1", "verifier2"),
    Role.SERVICE_OFFICER: ("service1", "service2"),
    Role.LEVY_OFFICER: ("levy1", "levy2"),
    Role.TAX_OFFICER: ("tax", "tax2"),
    Role.FINANCE_OFFICER: ("finance1", "finance2"),
    Role.AUDITOR: ("auditor",),
    Role.ADMINISTRATOR: ("admin1", "admin2"),
    Role.PARAMETER_ADMINISTRATOR: ("param1", "param2"),
}


@dataclass(frozen=True, slots=True)
class SignIn:
    """One account of the demo."""

    username: str
    role: Role
    region: str


def sign_ins() -> list[SignIn]:
    """Every account, the province's first."""
    officers = [
        SignIn(f"{name}-{office}", role, region)
        for office, region in OFFICES.items()
        for role, names in PEOPLE.items()
        for name in names
    ]
    # Nobody is above the province: a third administrator issues the passwords of those whom two have appointed.
    return [
        *officers,
        SignIn("admin3-shanxi", Role.ADMINISTRATOR, PROVINCE),
        SignIn(EMPLOYER, Role.EMPLOYER, DISTRICT),
    ]


@transaction.atomic
def appoint_people() -> None:
    """Make the accounts with one password, hashed once, and appoint them."""
    password = make_password(PASSWORD)
    for number, person in enumerate(sign_ins()):
        user = User.objects.create(
            username=person.username,
            name=_name(number),
            password=password,
            personnel_number=_staff_number(person, number),
        )
        appoint(user=user, role=person.role, region=Region.objects.get(code=person.region), actor=None)


def _staff_number(sign_in: SignIn, number: int) -> str | None:
    return None if sign_in.role == Role.EMPLOYER else f"SX-{number + 1:04}"


def _name(number: int) -> str:
    return SURNAMES[number * 7 % len(SURNAMES)] + GIVEN[number * 11 % len(GIVEN)] + GIVEN[number * 5 % len(GIVEN)]


def person(name: str, office: str = "shanxi") -> User:
    """One of the demo's people, by the first part of the account's name."""
    return User.objects.get(username=f"{name}-{office}")


def nearest(name: str, region_code: str) -> User:
    """The officer in charge of a region: the district's, else the capital's, else the province's."""
    offices = [office for office, code in OFFICES.items() if region_code.startswith(region_prefix(code))]
    return person(name, offices[-1])


def propose_colleague() -> None:
    """A new verifier of the capital, who cannot sign in before a second administrator has agreed."""
    create_person(
        username="verifier3-taiyuan",
        name=_name(len(sign_ins())),
        personnel_number="TY-0103",
        role=Role.VERIFIER,
        region=Region.objects.get(code=CAPITAL),
        reason="年审高峰期增加审核人员。",
        actor=person("admin1", "taiyuan"),
    )
