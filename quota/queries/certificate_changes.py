"""Returns whose claims rest on a certificate that a file has changed since, until an officer has looked at them."""

from datetime import date

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from casework.decisions import digest_of
from design.law_words import choices_of
from design.templatetags.formats import cn_date, cn_time
from law.codes import CertificateState
from quota.enums import TOLD
from quota.models import CertificateChange, HeadcountReturn
from quota.models.returns import ReturnQuerySet
from quota.queries.queue import READERS

UNSEEN = Exists(CertificateChange.objects.filter(headcount_return=OuterRef("pk"), seen_at=None))


def affected_returns(reader: User) -> ReturnQuerySet:
    """The returns in the reader's regions with a change that nobody has looked at."""
    return HeadcountReturn.objects.within_right(reader, *READERS).in_force().filter(UNSEEN)


def affected_own_returns(person: User) -> QuerySet[HeadcountReturn]:
    """Those of the person's own employers that an officer has decided. Before, a change would tell whether the typed
    number is the register's (docs/decisions/0017)."""
    return HeadcountReturn.objects.in_force().filter(UNSEEN, state__in=TOLD, employer__memberships__user=person)


def unseen_changes(filed: HeadcountReturn) -> list[str]:
    """The changes of one return that wait for a look, in words; one query."""
    return [_words(change) for change in filed.certificate_changes.filter(seen_at=None).order_by("pk")]


def shown_of_changes(filed: HeadcountReturn) -> str:
    """A digest of the changes that wait for a look: a look is at exactly these."""
    return digest_of(*filed.certificate_changes.filter(seen_at=None).order_by("pk").values_list("pk", flat=True))


def _words(change: CertificateChange) -> str:
    """The person, the old and new values, and the time."""
    states = {code: str(label) for code, label in choices_of(CertificateState)}
    pairs = [
        (_("姓名"), change.was_name, change.name),
        (_("残疾等级"), str(change.was_level), str(change.level)),
        (_("状态"), states.get(change.was_state, change.was_state), states.get(change.state, change.state)),
        (_("有效期起"), _day(change.was_valid_from), _day(change.valid_from)),
        (_("有效期止"), _day(change.was_valid_until), _day(change.valid_until)),
    ]
    told = [_("%(what)s由%(old)s变为%(new)s") % {"what": w, "old": a, "new": b} for w, a, b in pairs if a != b]
    if change.had_other_holder:
        told.append(_("持证人变更"))
    return _("%(name)s：%(what)s（%(when)s）") % {
        "name": change.name,
        "what": _("；").join(told),
        "when": cn_time(change.changed_at),
    }


def _day(value: date | None) -> str:
    return cn_date(value) if value else _("未填")
