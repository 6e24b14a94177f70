"""Refusals of this app."""

from django.utils.translation import gettext_lazy as _

from audit.errors import DomainError


class RegionListIncomplete(DomainError):
    """A list of divisions without a province that is in force would take every officer's scope away."""

    code = "region_list_incomplete"
    message = _("名单缺少现有的省级行政区划，请使用完整的名单。")
