"""The frozen rows: employers, regions, and figures by region and unit type. The database refuses every edit."""

import re

from django.contrib.postgres.indexes import GinIndex, OpClass
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Region
from design.law_words import choices_of
from disclosure.models.frozen import frozen_with_publication
from disclosure.models.publications import Publication
from law.codes import EntityType
from law.published_heads import whole_heads
from levy.models.runs import MAX_TOTAL
from quota.names import Doubled, contains

# Department, class and the six digits of the region: no name begins with them.
CODE_START = re.compile(r"[0-9A-Y][0-9]{7}[0-9A-HJ-NPQRTUWXY]{0,10}")
MONTHS = {"max_digits": 18, "decimal_places": 8}


class Standing(models.TextChoices):
    """Compliance with the ratio, in the words of the levy list."""

    MET = "met", _("已达比例")
    BELOW = "below", _("未达比例")
    EXEMPT = "exempt", _("免征")
    MISSING = "missing", _("资料缺失")
    WITHHELD = "withheld", _("不公布结果")

    @property
    def tone(self) -> str:
        return {"met": "ok", "below": "warn", "exempt": "off", "missing": "off", "withheld": "off"}[self.value]


class ShareBand(models.TextChoices):
    """The share of the required heads that an employer placed, as a band."""

    UNKNOWN = "", _("无法计算")
    MET = "met", _("达到规定比例")
    FROM_ONE_PERCENT = "from_one", _("1%以上，不足规定比例")
    BELOW_ONE_PERCENT = "below_one", _("不足1%")
    BELOW = "below", _("不足规定比例")
    WITHHELD = "withheld", _("不公布")


class FilingBand(models.TextChoices):
    ON_TIME = "on_time", _("按期申报")
    LATE = "late", _("逾期申报，视为未安排")
    NONE = "none", _("未申报")


class LevyBand(models.TextChoices):
    """The amount due, as a band: only the employer and the offices know the exact amount."""

    UNKNOWN = "", _("尚未核定")
    NOTHING = "nothing", _("无需缴纳")
    BELOW_10K = "below_10k", _("不足1万元")
    BELOW_100K = "below_100k", _("1万元以上，不足10万元")
    BELOW_500K = "below_500k", _("10万元以上，不足50万元")
    BELOW_1M = "below_1m", _("50万元以上，不足100万元")
    FROM_1M = "from_1m", _("100万元以上")
    WITHHELD = "withheld", _("不公布")


class Settlement(models.TextChoices):
    """The payment status when the rows were frozen; blank if no payments at all had been reported."""

    UNKNOWN = "", _("缴费情况未列入")
    NOTHING_DUE = "nothing_due", _("无需缴纳")
    PAID = "paid", _("已缴清")
    PART = "part", _("部分缴纳")
    UNPAID = "unpaid", _("未缴纳")
    WITHHELD = "withheld", _("不公布")


class EntryQuerySet(models.QuerySet["PublishedEntry"]):
    def public(self) -> "EntryQuerySet":
        """Rows that everybody may read now."""
        return self.filter(publication__in=Publication.objects.public())

    def search(self, text: str) -> "EntryQuerySet":
        """Search by the beginning of the credit code if the text looks like one, otherwise by part of the name."""
        if CODE_START.fullmatch(text.upper()):
            return self.filter(uscc__startswith=text.upper())
        return self.filter(contains(text))


class PublishedEntry(models.Model):
    """One employer of a publication: no person, no wage, no amount.

    Of the heads placed it holds a band of person-months (law.published_heads), not their number; none where so few
    people work that any number would tell of one. An open band has no `placed_high`. `credited_months` is what the
    band counts for in totals.
    """

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="entries", db_index=False)
    uscc = models.CharField(_("统一社会信用代码"), max_length=18)
    name = models.CharField(_("单位名称"), max_length=200)
    region_code = models.CharField(_("行政区划代码"), max_length=6)
    region_name = models.CharField(_("行政区划"), max_length=60)
    entity_type = models.CharField(_("单位类型"), max_length=24, choices=choices_of(EntityType))
    standing = models.CharField(_("结果"), max_length=8, choices=Standing)
    share_band = models.CharField(_("安排比例"), max_length=10, choices=ShareBand, blank=True)
    filing = models.CharField(_("申报情况"), max_length=8, choices=FilingBand)
    is_verified = models.BooleanField(_("参加年审"))
    required_months = models.DecimalField(_("应安排人月"), null=True, **MONTHS)
    credited_months = models.PositiveIntegerField(_("计入合计的人月"), null=True)
    placed_low = models.IntegerField(_("实际安排人月起"), null=True)
    placed_high = models.IntegerField(_("实际安排人月止"), null=True)
    levy_band = models.CharField(_("应缴费额"), max_length=10, choices=LevyBand, blank=True)
    settlement = models.CharField(_("缴费情况"), max_length=12, choices=Settlement, blank=True)
    is_corrected = models.BooleanField(_("已更正"))

    objects = EntryQuerySet.as_manager()

    class Meta:
        ordering = ["publication", "region_code", "uscc"]
        verbose_name = _("公示单位")
        verbose_name_plural = _("公示单位")
        triggers = frozen_with_publication()
        indexes = [
            GinIndex(OpClass(Doubled("name"), name="gin_trgm_ops"), name="entry_name_pairs"),
            models.Index(OpClass("uscc", name="varchar_pattern_ops"), name="entry_uscc"),
        ]
        constraints = [
            models.UniqueConstraint(fields=["publication", "uscc"], name="one_entry_per_employer"),
            models.CheckConstraint(condition=Q(standing__in=Standing.values), name="entry_standing_known"),
            models.CheckConstraint(condition=Q(filing__in=FilingBand.values), name="entry_filing_known"),
            models.CheckConstraint(condition=Q(share_band__in=ShareBand.values), name="entry_share_known"),
            models.CheckConstraint(condition=Q(levy_band__in=LevyBand.values), name="entry_levy_known"),
            models.CheckConstraint(condition=Q(settlement__in=Settlement.values), name="entry_settlement_known"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.publication_id}"

    @property
    def placed_from(self) -> int | None:
        """The fewest whole heads of the band."""
        return None if self.placed_low is None else whole_heads(self.placed_low, self.placed_low)[0]

    @property
    def placed_to(self) -> int | None:
        """The most whole heads of the band; None where it is open, and without one."""
        if self.placed_low is None or self.placed_high is None:
            return None
        return whole_heads(self.placed_low, self.placed_high)[1]

    @property
    def placed_words(self) -> str:
        """The heads placed as pages show them, without the unit."""
        if self.placed_from is None:
            return _("不公布") if self.standing != Standing.MISSING else "—"
        if self.placed_to is None:
            return _("不少于%(heads)s") % {"heads": f"{self.placed_from:,}"}
        if self.placed_from == self.placed_to:
            return f"{self.placed_from:,}"
        return _("%(from)s至%(to)s") % {"from": f"{self.placed_from:,}", "to": f"{self.placed_to:,}"}

    @property
    def tone(self) -> str:
        """With `label`, the input of the status tag. Below the ratio but paid is in order."""
        is_settled = self.standing == Standing.BELOW and self.settlement in (Settlement.PAID, Settlement.NOTHING_DUE)
        return "done" if is_settled else Standing(self.standing).tone

    @property
    def label(self) -> str:
        standing = self.get_standing_display()
        if self.standing != Standing.BELOW or not self.settlement:
            return standing
        return _("%(standing)s，%(settlement)s") % {
            "standing": standing,
            "settlement": self.get_settlement_display(),
        }


class PublishedRegion(models.Model):
    """A line of the published tables: a region with all below it, under its name when the rows were frozen.

    `is_own` marks the line of employers registered directly at a province or prefecture (本级). `is_money_shown` is
    False where so few employers pay that a total would reveal one of them (docs/decisions/0006). `is_paid_shown` does
    the same for payments; None, in rows older than the column, hides too.
    """

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="regions")
    code = models.CharField(_("行政区划代码"), max_length=6)
    is_own = models.BooleanField(_("本级"))
    name = models.CharField(_("行政区划"), max_length=60)
    level = models.PositiveSmallIntegerField(_("级别"), choices=Region.Level)
    parent_code = models.CharField(_("上级行政区划代码"), max_length=6, blank=True)
    is_money_shown = models.BooleanField(_("公布费额合计"))
    is_paid_shown = models.BooleanField(_("公布已缴费额合计"), null=True)

    class Meta:
        ordering = ["code", "is_own"]
        verbose_name = _("公示地区")
        verbose_name_plural = _("公示地区")
        triggers = frozen_with_publication()
        constraints = [
            models.UniqueConstraint(fields=["publication", "code", "is_own"], name="one_published_region"),
        ]

    def __str__(self) -> str:
        return self.name


class FigureQuerySet(models.QuerySet["PublishedFigure"]):
    def within(self, prefix: str) -> "FigureQuerySet":
        """Figures of a region and everything below it. A region's total is the sum of these; no total is stored."""
        return self.filter(region_code__startswith=prefix)


class PublishedFigure(models.Model):
    """The employers of one unit type registered in exactly one region: all totals are sums of these rows.

    Person-months are those of the rows that show heads, as they show them: a total says no more than they do. Yuan are
    of all, unrounded. Money by unit type serves the control totals and is never shown. The counts of
    employers that paid something, too little and too much decide whether payments are shown (None in rows older than
    the columns).
    """

    publication = models.ForeignKey(Publication, on_delete=models.PROTECT, related_name="figures")
    region_code = models.CharField(_("行政区划代码"), max_length=6)
    entity_type = models.CharField(_("单位类型"), max_length=24, choices=choices_of(EntityType))
    unit_count = models.PositiveIntegerField(_("用人单位（户）"))
    verified_count = models.PositiveIntegerField(_("参加年审（户）"))
    met_count = models.PositiveIntegerField(_("已达比例（户）"))
    below_count = models.PositiveIntegerField(_("未达比例（户）"))
    exempt_count = models.PositiveIntegerField(_("免征（户）"))
    missing_count = models.PositiveIntegerField(_("资料缺失（户）"))
    withheld_count = models.IntegerField(_("不公布结果（户）"), default=0, db_default=0)
    staff_months = models.PositiveBigIntegerField(_("职工人月"))
    required_months = models.DecimalField(_("应安排人月"), **MONTHS)
    credited_months = models.PositiveBigIntegerField(_("实际安排人月"))
    shortfall_months = models.DecimalField(_("未按规定安排人月"), **MONTHS)
    payer_count = models.PositiveIntegerField(_("应缴单位（户）"))
    payable_total = models.DecimalField(_("应缴费额"), max_digits=18, decimal_places=2)
    paid_total = models.DecimalField(_("已缴费额"), max_digits=18, decimal_places=2)
    paying_count = models.IntegerField(_("已有缴费单位（户）"), null=True)
    owing_count = models.IntegerField(_("未缴清单位（户）"), null=True)
    overpaid_count = models.IntegerField(_("多缴单位（户）"), null=True)

    objects = FigureQuerySet.as_manager()

    class Meta:
        ordering = ["publication", "region_code", "entity_type"]
        verbose_name = _("公示数据")
        verbose_name_plural = _("公示数据")
        triggers = frozen_with_publication()
        constraints = [
            models.UniqueConstraint(fields=["publication", "region_code", "entity_type"], name="one_figure_per_type"),
            models.CheckConstraint(condition=Q(entity_type__in=EntityType.values()), name="figure_entity_known"),
            models.CheckConstraint(
                condition=Q(
                    unit_count=F("met_count")
                    + F("below_count")
                    + F("exempt_count")
                    + F("missing_count")
                    + F("withheld_count"),
                    verified_count__lte=F("unit_count"),
                    payer_count__lte=F("unit_count"),
                ),
                name="figure_counts_add_up",
            ),
            models.CheckConstraint(
                condition=Q(
                    payable_total__range=(0, MAX_TOTAL),
                    paid_total__range=(-MAX_TOTAL, MAX_TOTAL),
                    required_months__range=(0, MAX_TOTAL // 10**8),
                    shortfall_months__range=(0, MAX_TOTAL // 10**8),
                ),
                name="figure_bounds",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.region_code} {self.entity_type}"
