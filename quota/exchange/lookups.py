"""Codes in files to rows in the database, a batch at a time, with the reader's scope."""

from collections.abc import Collection

from django.db import connection
from django.utils.translation import gettext as _

from accounts.models import Region
from quota.exchange.contract import Resolved, Scope
from quota.exchange.faults import Refusal


def out_of_scope() -> Refusal:
    return Refusal(_("不在您的管辖范围。"), _("请由所属地区办理。"))


def employers(codes: Collection[str], scope: Scope) -> Resolved:
    """Credit codes to employer ids."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT uscc, id, region_id FROM quota_employer WHERE uscc = ANY(%s)", [list(codes)])
        rows = cursor.fetchall()
    found: dict[str, str | Refusal] = dict.fromkeys(
        codes, Refusal(_("系统中没有这家单位。"), _("请先导入单位名录，再导入本文件。"))
    )
    outside = out_of_scope()
    for code, pk, region in rows:
        found[code] = str(pk) if scope.covers(region) else outside
    return found


def hosts(codes: Collection[str], scope: Scope) -> Resolved:
    """Credit codes to employer ids, wherever they are: an agency's host may lie in another region."""
    return employers(codes, Scope())


def regions(codes: Collection[str], scope: Scope) -> Resolved:
    """Region codes that exist, retired ones included: history is recorded under them."""
    known = set(Region.objects.filter(pk__in=list(codes)).order_by().values_list("pk", flat=True))
    unknown, outside = Refusal(_("没有这个行政区划代码。"), _("请对照GB/T 2260填写。")), out_of_scope()
    return {code: (code if scope.covers(code) else outside) if code in known else unknown for code in codes}
