"""The table of a return's states and steps, tested completely."""

from itertools import product

import pytest

from accounts.permissions import Role
from audit.errors import TransitionNotAllowed
from audit.workflow import apply
from quota.enums import ReturnState
from quota.models import HeadcountReturn
from quota.workflow import RETURN_TRANSITIONS, SUBMIT
from tests.accounts.factories import officer
from tests.quota.factories import EmployerFactory, employer_account, filed_return

pytestmark = pytest.mark.django_db
COUNTY = "140105"


@pytest.mark.parametrize(
    ("state", "transition"), list(product(ReturnState, RETURN_TRANSITIONS)), ids=lambda part: part.name.lower()
)
def test_every_state_allows_exactly_the_steps_of_the_table(state: ReturnState, transition: object) -> None:
    employer = EmployerFactory()
    filed = put_into(state, filed_return(employer))
    who = employer_account(employer) if transition is SUBMIT else officer(Role.VERIFIER, COUNTY)
    arguments = {"actor": who, "region_code": COUNTY, "reason": "理由"}
    if state in transition.sources:
        assert apply(filed, transition, **arguments).state == transition.target
    else:
        with pytest.raises(TransitionNotAllowed):
            apply(filed, transition, **arguments)


def put_into(state: ReturnState, filed: HeadcountReturn) -> HeadcountReturn:
    """The state with the stamps that the database requires."""
    stamps = {"reviewed_by": officer(Role.VERIFIER, COUNTY), "verified_by": officer(Role.VERIFIER, COUNTY)}
    moments = dict.fromkeys(("submitted_at", "reviewed_at", "verified_at", "sent_back_at"), filed.filed_on)
    HeadcountReturn.objects.filter(pk=filed.pk).update(
        state=state,
        is_in_force=state not in (ReturnState.DRAFT, ReturnState.REPLACED),
        sent_back_reason="补正",
        **stamps,
        **{name: f"{day}T08:00:00Z" for name, day in moments.items()},
    )
    filed.refresh_from_db()
    return filed
