"""Where the evidence of a return came from: the files behind it, their people, and who is therefore barred from it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.sign_in.passwords import ISSUED
from design.templatetags.formats import cn_time
from exchange.kinds import KINDS
from quota.models import HeadcountReturn

# One row per kind, person and file, with True for the rows of this employer: another one's decide on months too.
PIECES = """
WITH people AS (
    SELECT DISTINCT person_key, certificate_kind, certificate_key
    FROM quota_placement WHERE employer_id = %(employer)s AND levy_year = %(year)s
), pieces AS (
    SELECT 'returns' AS kind, NULL::uuid AS person_key, true AS is_own, file_id
    FROM quota_headcountreturn WHERE id = %(pk)s
    UNION
    SELECT 'placements', p.person_key, i.employer_id = %(employer)s, i.file_id
    FROM people p JOIN quota_placement i ON i.levy_year = %(year)s AND i.person_key = p.person_key
    UNION
    SELECT 'certificates', p.person_key, true, i.file_id
    FROM people p JOIN quota_certificate i ON i.kind = p.certificate_kind AND i.number_key = p.certificate_key
    UNION
    SELECT 'certificates', p.person_key, false, i.file_id
    FROM people p JOIN quota_certificate i ON i.person_key = p.person_key
    UNION
    SELECT 'wages', p.person_key, i.employer_id = %(employer)s, i.file_id
    FROM people p JOIN quota_wagepayment i ON i.person_key = p.person_key
        AND i.month BETWEEN make_date(%(year)s, 1, 1) AND make_date(%(year)s, 12, 31)
    UNION
    SELECT 'insurance', p.person_key, i.employer_id = %(employer)s, i.file_id
    FROM people p JOIN quota_insurancemonth i ON i.person_key = p.person_key
        AND i.month BETWEEN make_date(%(year)s, 1, 1) AND make_date(%(year)s, 12, 31)
    UNION
    SELECT 'dispatch_agreements', p.person_key, i.agency_id = %(employer)s, i.file_id
    FROM people p JOIN quota_dispatchagreement i ON i.person_key = p.person_key
)
SELECT s.kind, s.person_key, s.is_own, f.id, f.name, f.region_id IS NOT NULL, f.created_at,
       l.id, coalesce(nullif(l.name, ''), l.username), a.id, coalesce(nullif(a.name, ''), a.username)
FROM pieces s
LEFT JOIN exchange_importedfile f ON f.id = s.file_id
LEFT JOIN accounts_user l ON l.id = f.loaded_by_id
LEFT JOIN accounts_user a ON a.id = f.applied_by_id
UNION ALL
SELECT 'code', NULL, false, NULL, NULL, true, e.at, e.actor_id, NULL, NULL, NULL
FROM quota_headcountreturn r JOIN audit_auditentry e ON e.object_id = r.submitted_by_id::text
WHERE r.id = %(pk)s AND e.object_type = %(account)s AND e.action = %(issued)s AND e.at <= r.submitted_at
  AND NOT EXISTS (
    SELECT FROM audit_auditentry n
    WHERE n.object_type = e.object_type AND n.object_id = e.object_id AND n.action = e.action
      AND n.at > e.at AND n.at <= r.submitted_at
  )
"""
CODE = "code"
ORDER = ("returns", "placements", "certificates", "wages", "insurance", "dispatch_agreements", CODE)


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file behind a piece of evidence. `people` are those who uploaded and wrote it, as (number, name)."""

    number: int
    name: str
    is_upload: bool
    at: datetime
    people: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class Origin:
    """One kind of evidence and one file behind it; `file` None: no file brought it."""

    kind: str
    file: SourceFile | None

    @property
    def who(self) -> str:
        """The people who loaded the file. The command line is the operator's."""
        if self.file is None:
            return _("单位填报") if self.kind in ("returns", "placements") else _("没有导入记录")
        named = _("、").join(dict.fromkeys(name for _number, name in self.file.people))
        if self.file.is_upload:
            return named
        return _("命令行（%(who)s）") % {"who": named or _("系统")}

    @property
    def words(self) -> str:
        """Kind, people, time and file in one line."""
        label = KINDS[self.kind].label
        if self.file is None:
            return _("%(what)s：%(who)s") % {"what": label, "who": self.who}
        return _("%(what)s：%(who)s，%(when)s，%(name)s（第%(number)s号文件）") % {
            "what": label,
            "who": self.who,
            "when": cn_time(self.file.at),
            "name": self.file.name,
            "number": self.file.number,
        }


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins of a return's evidence by person (None: of the return itself), and by person of the office the kinds
    of hand in it."""

    by_person: dict[UUID | None, set[Origin]]
    hands: dict[int, set[str]]

    @property
    def all(self) -> list[Origin]:
        """Each kind and file once, in the order of the case."""
        return _sorted({one for found in self.by_person.values() for one in found})

    @property
    def uploads(self) -> list[Origin]:
        """Those that a person brought through the pages: a second look is due."""
        return [origin for origin in self.all if origin.file is not None and origin.file.is_upload]

    def of_person(self, person_key: UUID) -> list[Origin]:
        return _sorted(self.by_person.get(person_key, set()))

    def bar(self, person: User) -> str:
        """The reason why this person takes no step in verifying the return, "" without one."""
        kinds = sorted(self.hands.get(person.pk, ()), key=ORDER.index)
        loaded = [str(KINDS[kind].label) for kind in kinds if kind != CODE]
        if loaded:
            words = _("本户或其残疾职工的%(what)s由您导入，审核须由他人办理。")
            return words % {"what": _("、").join(loaded)}
        return _("本户申报所用的登录码由您签发，审核须由他人办理。") if kinds else ""


def _sorted(found: Iterable[Origin]) -> list[Origin]:
    return sorted(found, key=lambda one: (ORDER.index(one.kind), one.file.number if one.file else 0))


def origins_of(filed: HeadcountReturn) -> Origins:
    """The files behind a return and its people, and the hands of the office in it; one query."""
    names = {"pk": filed.pk, "employer": filed.employer_id, "year": filed.levy_year}
    origins = Origins({}, {})
    with connection.cursor() as cursor:
        cursor.execute(PIECES, names | {"account": User._meta.label_lower, "issued": ISSUED})
        for kind, person_key, is_own, number, name, is_upload, at, *who in cursor.fetchall():
            people = tuple((pk, named) for pk, named in (who[:2], who[2:]) if pk is not None)
            if is_upload:
                for pk, _named in people:
                    origins.hands.setdefault(pk, set()).add(kind)
            if is_own:
                file = None if number is None else SourceFile(number, name, is_upload, at, people)
                origins.by_person.setdefault(person_key, set()).add(Origin(kind, file))
    return origins
