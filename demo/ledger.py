"""The finished stages of filling the demo, noted in the audit trail: a killed fill continues where it stopped."""

from accounts.models import Region, User
from audit.errors import DomainError
from audit.models import AuditEntry
from audit.services import record
from demo.places import PROVINCE
from quota.models import Employer, RegionalNumber

ACTION = "demo.stage"


class NotEmpty(DomainError):
    """The database has data, the demo's own finished data included."""

    code = "not_empty"
    message = "数据库中已有数据，演示数据只能装入空库。请换一个空数据库（或用 LEVY_VAR 指定新目录）后再运行。"


class OtherFill(DomainError):
    """An unfinished fill of another size or seed: going on would mix two provinces."""

    code = "other_fill"

    def __init__(self, employers: int, seed: int) -> None:
        super().__init__(
            f"上次装入演示数据没有完成：请用 --employers {employers} --seed {seed} 继续，或换一个空数据库。"
        )


def done_stages(*, employers: int, seed: int, last: str) -> set[str]:
    """Names of the stages an interrupted fill has behind it; none in an empty database.

    Raises NotEmpty, OtherFill.
    """
    entries = list(AuditEntry.objects.filter(action=ACTION).order_by("id").values_list("details", flat=True))
    names = {entry["stage"] for entry in entries}
    if last in names or (not names and has_data()):
        raise NotEmpty
    for entry in entries:
        if (entry["employers"], entry["seed"]) != (employers, seed):
            raise OtherFill(entry["employers"], entry["seed"])
    return names


def has_data() -> bool:
    return any(model.objects.exists() for model in (User, Employer, RegionalNumber))


def note(stage: str, *, employers: int, seed: int) -> None:
    """Write down that a stage is done; in the stage's own transaction where it has one."""
    record(
        actor=None,
        action=ACTION,
        target=Region(code=PROVINCE),
        region_code=PROVINCE,
        details={"stage": stage, "employers": employers, "seed": seed},
    )
