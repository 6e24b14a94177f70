"""Looks up the codes of a batch in the database, within the reader's scope."""

from collections.abc import Collection

from django.db import connection
from django.utils.translation import gettext as _

from exchange.engine.contract import Resolved, Scope
from exchange.engine.faults import Refusal
from exchange.engine.lookups import out_of_scope


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
    """Credit codes to employer ids in every region: an agency's host may be in another region."""
    return employers(codes, Scope())
