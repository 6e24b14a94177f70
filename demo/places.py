"""The places of the demo's units: Shanxi with its real counties, most units in the capital."""

from dataclasses import dataclass

from accounts.models import Region, region_prefix
from demo.chance import Weighted

PROVINCE = "140000"
CAPITAL = "140100"
DISTRICT = "140105"
TRIAL_PREFECTURE = "140400"  # files completely in the open year, so that its trial run is worth looking at

BUSIEST = ("140105", "140106", "140107", "140108", "140109", "140110")
SEATS = ("140213", "140302", "140403", "140502", "140602", "140702", "140802", "140902", "141002", "141102")


@dataclass(frozen=True, slots=True)
class Place:
    """A county, and what its name looks like at the head of a unit's name: 太原 for a district of Taiyuan."""

    code: str
    name: str
    trade_name: str


def places() -> Weighted[Place]:
    """The province's counties in force, weighted by how many units they have."""
    regions = {
        r.code: r.name for r in Region.objects.filter(code__startswith=region_prefix(PROVINCE), valid_until=None)
    }
    counties = [code for code in sorted(regions) if not code.endswith("00")]
    return Weighted([(_weight(code), _place(code, regions)) for code in counties])


def _place(code: str, names: dict[str, str]) -> Place:
    name = names[code]
    seat = names[f"{code[:4]}00"] if name.endswith("区") else name
    return Place(code, name, seat.removesuffix("市").removesuffix("县"))


def _weight(code: str) -> int:
    if code == DISTRICT:
        return 150
    if code in BUSIEST:
        return 60
    return 30 if code in SEATS else 6
