"""Where the evidence of a return came from: the files behind it, with the people who loaded them."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.db import connection
from django.utils.translation import gettext as _

from design.templatetags.formats import cn_time
from exchange.kinds import KINDS
from exchange.models import ImportedFile
from quota.models import HeadcountReturn

PIECES = """
WITH people AS (
    SELECT DISTINCT person_key, certificate_kind, certificate_key
    FROM quota_placement WHERE employer_id = %(employer)s AND levy_year = %(year)s
)
SELECT 'placements' AS kind, person_key, file_id FROM quota_placement
WHERE employer_id = %(employer)s AND levy_year = %(year)s
UNION
SELECT 'certificates', p.person_key, i.file_id
FROM people p JOIN quota_certificate i ON i.kind = p.certificate_kind AND i.number_key = p.certificate_key
UNION
SELECT 'wages', p.person_key, i.file_id FROM people p JOIN quota_wagepayment i ON i.person_key = p.person_key
    AND i.employer_id = %(employer)s AND i.month BETWEEN make_date(%(year)s, 1, 1) AND make_date(%(year)s, 12, 31)
UNION
SELECT 'insurance', p.person_key, i.file_id FROM people p JOIN quota_insurancemonth i ON i.person_key = p.person_key
    AND i.employer_id = %(employer)s AND i.month BETWEEN make_date(%(year)s, 1, 1) AND make_date(%(year)s, 12, 31)
UNION
SELECT 'dispatch_agreements', p.person_key, i.file_id
FROM people p JOIN quota_dispatchagreement i ON i.person_key = p.person_key AND i.agency_id = %(employer)s
"""
ORDER = ("returns", "placements", "certificates", "wages", "insurance", "dispatch_agreements")


@dataclass(frozen=True, slots=True)
class Origin:
    """One kind of evidence and one file behind it; `file` None: no file brought it."""

    kind: str
    file: ImportedFile | None

    @property
    def label(self) -> object:
        return KINDS[self.kind].label

    @property
    def who(self) -> str:
        """The people who loaded the file. The command line is the operator's."""
        if self.file is None:
            return _("单位填报") if self.kind in ("returns", "placements") else _("没有导入记录")
        people = dict.fromkeys(filter(None, (self.file.loaded_by, self.file.applied_by)))
        named = _("、").join(map(str, people))
        if self.file.is_upload:
            return named
        return _("命令行（%(who)s）") % {"who": named or _("系统")}

    @property
    def words(self) -> str:
        """Kind, people, time and file in one line."""
        if self.file is None:
            return _("%(what)s：%(who)s") % {"what": self.label, "who": self.who}
        return _("%(what)s：%(who)s，%(when)s，%(name)s（第%(number)s号文件）") % {
            "what": self.label,
            "who": self.who,
            "when": cn_time(self.file.created_at),
            "name": self.file.name,
            "number": self.file.pk,
        }


@dataclass(frozen=True, slots=True)
class Origins:
    """The origins of a return's evidence, of the whole return and by person."""

    filed: Origin
    by_person: dict[UUID, list[Origin]]

    @property
    def all(self) -> list[Origin]:
        """Each kind and file once, in the order of the case."""
        return _sorted([self.filed, *(one for found in self.by_person.values() for one in found)])

    @property
    def uploads(self) -> list[Origin]:
        """Those that a person brought through the pages: a second look is due."""
        return [origin for origin in self.all if origin.file is not None and origin.file.is_upload]

    def of_person(self, person_key: UUID) -> list[Origin]:
        return _sorted(self.by_person.get(person_key, []))


def _sorted(found: Iterable[Origin]) -> list[Origin]:
    return sorted(set(found), key=lambda one: (ORDER.index(one.kind), one.file.pk if one.file else 0))


def origins_of(filed: HeadcountReturn) -> Origins:
    """The files behind a return and its people; two queries."""
    with connection.cursor() as cursor:
        cursor.execute(PIECES, {"employer": filed.employer_id, "year": filed.levy_year})
        pieces = cursor.fetchall()
    numbers = {file_id for _kind, _person, file_id in pieces} | {filed.file_id}
    files = ImportedFile.objects.select_related("loaded_by", "applied_by").in_bulk(list(numbers - {None}))
    by_person: dict[UUID, list[Origin]] = {}
    for kind, person_key, file_id in pieces:
        by_person.setdefault(person_key, []).append(Origin(kind, files.get(file_id)))
    return Origins(Origin("returns", files.get(filed.file_id)), by_person)
