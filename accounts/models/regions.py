"""The administrative divisions that set the scope of every row and right."""

from collections.abc import Iterable

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _


def region_prefix(code: str) -> str:
    """The common beginning of all codes in the region: 14 for 140000, 1401 for 140100, 140105 for itself.

    Raises ValueError unless it is six ASCII digits with a province: an empty prefix would mean everything.
    """
    if len(code) != 6 or not code.isascii() or not code.isdigit() or code.startswith("00"):
        raise ValueError(f"not a region code: {code!r}")
    if code.endswith("0000"):
        return code[:2]
    return code[:4] if code.endswith("00") else code


def region_level(code: str) -> int:
    """The Region.Level of a well-formed code."""
    return len(region_prefix(code)) // 2


class RegionQuerySet(models.QuerySet["Region"]):
    def full_names(self, codes: Iterable[str]) -> dict[str, str]:
        """The names of regions in documents, from the province down: 140105 gives 山西省太原市小店区. One query."""
        lineages = {code: Region(code=code).lineage() for code in set(codes)}
        above = {code for lineage in lineages.values() for code in lineage}
        names = dict(self.filter(code__in=above).values_list("code", "name"))
        return {code: "".join(names.get(part, "") for part in reversed(up)) for code, up in lineages.items()}


class Region(models.Model):
    """A division of GB/T 2260. A merged code keeps its row with `valid_until`; codes are never re-keyed.

    `document_number` is the text by which two administrators last changed the row. The national list that the project
    ships may be older and does not change such rows.
    """

    class Level(models.IntegerChoices):
        PROVINCE = 1, _("省级")
        PREFECTURE = 2, _("地级")
        COUNTY = 3, _("县级")

    code = models.CharField(_("行政区划代码"), max_length=6, primary_key=True)
    name = models.CharField(_("名称"), max_length=60)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Level)
    valid_until = models.DateField(_("撤销日期"), null=True, blank=True)
    successor = models.ForeignKey(
        "self", verbose_name=_("并入"), null=True, blank=True, on_delete=models.PROTECT, related_name="predecessors"
    )
    document_number = models.CharField(_("文号"), max_length=80, blank=True, db_default="")

    objects = RegionQuerySet.as_manager()

    class Meta:
        ordering = ["code"]
        verbose_name = _("行政区划")
        verbose_name_plural = _("行政区划")
        constraints = [
            models.CheckConstraint(
                condition=Q(code__regex=r"^[1-9][0-9]{5}$"),
                name="region_code_shape",
                violation_error_message=_("行政区划代码应为6位数字。"),
            ),
            models.CheckConstraint(
                condition=Q(successor=None) | (Q(valid_until__isnull=False) & ~Q(successor=F("code"))),
                name="region_successor_of_the_retired",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def name_and_code(self) -> str:
        return gettext("%(name)s（%(code)s）") % {"name": self.name, "code": self.code}

    @property
    def prefix(self) -> str:
        return region_prefix(self.code)

    def lineage(self) -> list[str]:
        """Codes from the region itself up to its province: the order in which to look for a value."""
        return list(dict.fromkeys([self.code, f"{self.code[:4]}00", f"{self.code[:2]}0000"]))

    @property
    def parent_code(self) -> str:
        """The division directly above; "" for a province."""
        return next(iter(self.lineage()[1:]), "")

    def contains(self, code: str) -> bool:
        return code.startswith(self.prefix)
