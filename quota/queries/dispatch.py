"""People who count at another employer by a dispatch agreement (财政部公告2019年第98号第二条)."""

from dataclasses import dataclass
from datetime import date

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from accounts.models import User
from accounts.permissions import Permission
from quota.enums import CountsAt
from quota.models import DispatchAgreement, Employer


@dataclass(frozen=True, slots=True)
class Host:
    """A host as a reader may see it: outside the reader's regions only its region, without its code."""

    name: str
    uscc: str = ""


def hosts_of(agency_id: int, levy_year: int) -> QuerySet[Employer]:
    """The hosts where people of this agency count in the year; the agency's return decides on their months."""
    agreements = _in_force(levy_year).filter(agency=agency_id)
    return Employer.objects.filter(pk__in=agreements.values("host"))


def agencies_of(host_id: int, levy_year: int) -> QuerySet[Employer]:
    agreements = _in_force(levy_year).filter(host=host_id)
    return Employer.objects.filter(pk__in=agreements.values("agency"))


def _in_force(levy_year: int) -> QuerySet[DispatchAgreement]:
    january, december = date(levy_year, 1, 1), date(levy_year, 12, 31)
    is_not_over = Q(ends_on=None) | Q(ends_on__gte=january)
    return DispatchAgreement.objects.filter(is_not_over, counts_at=CountsAt.HOST, starts_on__lte=december)


def known_to(reader: User, hosts: QuerySet[Employer], permission: Permission) -> list[Host]:
    """These hosts, with the code where the reader has the permission and so may open the page."""
    return [_known(reader, host, permission) for host in hosts.select_related("region").order_by("uscc")]


def _known(reader: User, host: Employer, permission: Permission) -> Host:
    if reader.can(permission, host.region_id):
        return Host(host.name, host.uscc)
    return Host(_("%(region)s的另一单位") % {"region": host.region})
