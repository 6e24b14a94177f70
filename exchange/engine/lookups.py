"""Looks up the region codes of a batch in the database, within the reader's scope."""

from collections.abc import Collection

from django.utils.translation import gettext as _

from accounts.models import Region
from exchange.engine.contract import Resolved, Scope
from exchange.engine.faults import Refusal


def out_of_scope() -> Refusal:
    return Refusal(_("不在您的管辖范围。"), _("请由所属地区办理。"))


def resolved_regions(codes: Collection[str], scope: Scope) -> Resolved:
    """Accepts region codes that exist, retired ones included: history is recorded under them."""
    known = set(Region.objects.filter(pk__in=list(codes)).order_by().values_list("pk", flat=True))
    unknown, outside = Refusal(_("没有这个行政区划代码。"), _("请对照GB/T 2260填写。")), out_of_scope()
    return {code: (code if scope.covers(code) else outside) if code in known else unknown for code in codes}
