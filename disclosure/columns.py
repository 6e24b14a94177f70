"""The columns of the open-data files and of the data dictionary: one contract for CSV, JSON and page.

CSV has Chinese headings and words; JSON has English names, codes, and decimals as strings.
"""

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import Any

from django.db.models import TextChoices

from design.law_words import official_words
from disclosure.models import FilingBand, LevyBand, PublishedRegion, Settlement, ShareBand, Standing
from disclosure.queries.figures import PublishedTotals, heads
from law.codes import EntityType
from law.words import Code
from law.words import Words as _

PAYERS = [kind for kind in EntityType if kind is not EntityType.SOLE_TRADER]
ALL_TYPES = "合计"
YES_NO = {True: "是", False: "否"}


class CellKind(Enum):
    """The kind of a cell's value: its JSON type, and its unit. Decimals are strings in JSON."""

    TEXT = ("string", "")
    BOOLEAN = ("boolean", "")
    UNITS = ("integer", _("户"))
    HEADS = ("decimal", _("人"))
    WHOLE = ("integer", _("人"))
    YUAN = ("decimal", _("元"))

    @property
    def type(self) -> str:
        return self.value[0]

    @property
    def unit(self) -> str:
        return self.value[1]


@dataclass(frozen=True, slots=True)
class PublishedColumn:
    """A column of both formats. `shown` gives the CSV's cell; `coded` gives the JSON's value where they differ.
    `choices` are the possible codes."""

    heading: str
    key: str
    meaning: str
    shown: Callable[[Any], Any]
    coded: Callable[[Any], Any] | None = None
    kind: CellKind = CellKind.TEXT
    choices: tuple[TextChoices, ...] = ()

    @property
    def codes(self) -> dict[str, str]:
        """Code to Chinese word. A blank choice is null in the file and not listed."""
        return {str(code): official_words(type(code))[code] for code in self.choices if code}

    def described(self) -> dict[str, Any]:
        """The column in the head of a JSON file."""
        told = {"heading": self.heading, "meaning": self.meaning, "type": self.kind.type, "unit": self.kind.unit}
        return {name: text for name, text in told.items() if text} | ({"codes": self.codes} if self.codes else {})

    def json_value(self, row: Any) -> Any:
        value = (self.coded or self.shown)(row)
        return str(value) if isinstance(value, Decimal) else value


@dataclass(frozen=True, slots=True)
class RegionRow:
    """One line of the published table: a region with one unit type, or with all types together."""

    region: PublishedRegion
    entity_type: str
    totals: PublishedTotals

    @property
    def is_money_shown(self) -> bool:
        return not self.entity_type and self.region.is_money_shown

    @property
    def is_paid_shown(self) -> bool:
        return not self.entity_type and bool(self.region.is_paid_shown)


def labelled(choices: type[TextChoices] | type[Code], name: str) -> Callable[[Any], str]:
    """A cell with the word for a code; one dictionary look-up per row, because a million rows are written."""
    return lambda row: official_words(choices)[getattr(row, name)]


ENTRY_COLUMNS = (
    PublishedColumn("统一社会信用代码", "uscc", _("18位，GB 32100"), lambda e: e.uscc),
    PublishedColumn("单位名称", "name", _("公布时的名称"), lambda e: e.name),
    PublishedColumn("行政区划代码", "region_code", _("6位，GB/T 2260"), lambda e: e.region_code),
    PublishedColumn("行政区划", "region", _("公布时的名称"), lambda e: e.region_name),
    PublishedColumn(
        "单位类型",
        "entity_type",
        _("财税〔2015〕72号第二条的五类"),
        labelled(EntityType, "entity_type"),
        lambda e: e.entity_type,
        choices=tuple(PAYERS),
    ),
    PublishedColumn(
        "结果",
        "standing",
        _("已达比例、未达比例、免征（30人及以下企业）、资料缺失；职工不足10人又不免征的，不公布结果"),
        labelled(Standing, "standing"),
        lambda e: e.standing,
        choices=tuple(Standing),
    ),
    PublishedColumn(
        "安排比例",
        "share_band",
        _("分档；资料缺失的无法计算"),
        labelled(ShareBand, "share_band"),
        lambda e: e.share_band or None,
        choices=tuple(ShareBand),
    ),
    PublishedColumn(
        "申报情况",
        "filing",
        _("逾期或未申报的视为未安排（第十二条）"),
        labelled(FilingBand, "filing"),
        lambda e: e.filing,
        choices=tuple(FilingBand),
    ),
    PublishedColumn(
        "参加年审",
        "is_verified",
        _("残联已出具审核认定书"),
        lambda e: YES_NO[e.is_verified],
        lambda e: e.is_verified,
        kind=CellKind.BOOLEAN,
    ),
    PublishedColumn(
        "应安排（人）",
        "required_heads",
        _("年平均，两位小数；由人月除以12，四舍五入"),
        lambda e: heads(e.required_months),
        kind=CellKind.HEADS,
    ),
    PublishedColumn(
        "实际安排（人）起",
        "placed_from",
        _("年平均，整数，不足1人的为0；重度残疾按2人计；职工不足10人的不公布"),
        lambda e: e.placed_from,
        kind=CellKind.WHOLE,
    ),
    PublishedColumn(
        "实际安排（人）止",
        "placed_to",
        _("与“起”相同的即为该数；“起”有数而本列为空的，为不少于“起”"),
        lambda e: e.placed_to,
        kind=CellKind.WHOLE,
    ),
    PublishedColumn(
        "应缴费额",
        "levy_band",
        _("分档，不公布具体数额"),
        labelled(LevyBand, "levy_band"),
        lambda e: e.levy_band or None,
        choices=tuple(LevyBand),
    ),
    PublishedColumn(
        "缴费情况",
        "settlement",
        _("截至数据截止时间"),
        labelled(Settlement, "settlement"),
        lambda e: e.settlement or None,
        choices=tuple(Settlement),
    ),
    PublishedColumn(
        "已更正",
        "is_corrected",
        _("核定后经批准更正"),
        lambda e: YES_NO[e.is_corrected],
        lambda e: e.is_corrected,
        kind=CellKind.BOOLEAN,
    ),
)

FIGURE_COLUMNS = (
    PublishedColumn(
        "行政区划代码",
        "region_code",
        _("6位，GB/T 2260；省、市各有合计行和本级行"),
        lambda r: r.region.code,
    ),
    PublishedColumn("行政区划", "region", _("公布时的名称"), lambda r: r.region.name),
    PublishedColumn(
        "本级",
        "is_own",
        _("是：只含登记在该级的单位"),
        lambda r: YES_NO[r.region.is_own],
        lambda r: r.region.is_own,
        kind=CellKind.BOOLEAN,
    ),
    PublishedColumn(
        "单位类型",
        "entity_type",
        _("五类之一；合计行为五类之和，JSON写all"),
        lambda r: official_words(EntityType).get(r.entity_type, ALL_TYPES),
        lambda r: r.entity_type or "all",
        choices=tuple(PAYERS),
    ),
    PublishedColumn(
        "用人单位（户）", "units", _("已核定的征收对象"), lambda r: r.totals.unit_count, kind=CellKind.UNITS
    ),
    PublishedColumn(
        "参加年审（户）",
        "verified_units",
        _("残联已出具审核认定书"),
        lambda r: r.totals.verified_count,
        kind=CellKind.UNITS,
    ),
    PublishedColumn(
        "已达比例（户）", "met_units", _("安排比例达到规定比例"), lambda r: r.totals.met_count, kind=CellKind.UNITS
    ),
    PublishedColumn(
        "未达比例（户）",
        "below_units",
        _("安排比例未达到规定比例"),
        lambda r: r.totals.below_count,
        kind=CellKind.UNITS,
    ),
    PublishedColumn(
        "免征（户）", "exempt_units", _("30人及以下企业"), lambda r: r.totals.exempt_count, kind=CellKind.UNITS
    ),
    PublishedColumn(
        "资料缺失（户）", "missing_units", _("不能核定"), lambda r: r.totals.missing_count, kind=CellKind.UNITS
    ),
    PublishedColumn(
        "不公布结果（户）",
        "withheld_units",
        _("公布结果会泄露个别职工的残疾情况"),
        lambda r: r.totals.withheld_count,
        kind=CellKind.UNITS,
    ),
    PublishedColumn(
        "应安排（人）",
        "required_heads",
        _("年平均，两位小数；只含公布安排人数的单位，下同"),
        lambda r: heads(r.totals.required_months),
        kind=CellKind.HEADS,
    ),
    PublishedColumn(
        "实际安排（人）",
        "placed_heads",
        _("各单位公布的整数之和，起止不同的取中数；重度残疾按2人计"),
        lambda r: heads(r.totals.credited_months),
        kind=CellKind.HEADS,
    ),
    PublishedColumn(
        "未按规定安排（人）",
        "shortfall_heads",
        _("按单位逐户计算后合计，超过比例的单位不抵减其他单位"),
        lambda r: heads(r.totals.shortfall_months),
        kind=CellKind.HEADS,
    ),
    PublishedColumn(
        "应缴费额（元）",
        "payable",
        _("只公布合计行；应缴单位少于3户的不公布"),
        lambda r: r.totals.payable_total if r.is_money_shown else None,
        kind=CellKind.YUAN,
    ),
    PublishedColumn(
        "已缴费额（元）",
        "paid",
        _("只公布合计行；应缴、已有缴费或未缴清的单位少于3户的不公布；截至数据截止时间"),
        lambda r: r.totals.paid_total if r.is_paid_shown else None,
        kind=CellKind.YUAN,
    ),
)

CONTENTS = {"entries": ENTRY_COLUMNS, "figures": FIGURE_COLUMNS}
