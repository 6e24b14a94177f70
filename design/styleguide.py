"""Sample data of the style guide: every component in every state, with invented people and employers."""

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from django import forms
from django.core.paginator import Page, Paginator
from django.db import models
from django.http import QueryDict

from design.charts import bar_chart, cell_bar, line_chart
from design.fields import CountField, MoneyField

LETTERS = {
    "1": ("counted", 1),
    "2": ("counted", 2),
    "x": ("not", 0),
    "?": ("open", 0),
    "-": ("nodata", 0),
    ".": ("unclaimed", 0),
}


class SampleState(models.TextChoices):
    WAITING = "plain", "待初审"
    REVIEWED = "now", "复审中"
    PAID = "done", "已缴纳"
    MET = "ok", "已达比例"
    RETURNED = "warn", "待补正"
    OVERDUE = "bad", "逾期2天"
    EXEMPT = "off", "免征"

    @property
    def tone(self) -> str:
        return self.value


class SampleForm(forms.Form):
    total_wages = MoneyField(label="全年工资总额", help_text="按国家统计局关于工资总额组成的规定填写，精确到分。")
    march_staff = CountField(
        label="3月在职职工人数", help_text="月末在编人员和签订1年以上劳动合同的人员。", unit="人", maximum=100_000
    )
    contract_start = forms.DateField(label="合同开始日期", help_text="如2025-07-01。")
    employment = forms.ChoiceField(
        label="用工形式",
        choices=[("staff", "在编"), ("contract", "劳动合同（1年以上）"), ("dispatch", "劳务派遣")],
        widget=forms.RadioSelect,
    )
    county = forms.ChoiceField(label="所在区县", choices=[("140105", "小店区"), ("140106", "迎泽区")])
    evidence = forms.MultipleChoiceField(
        label="已备材料",
        choices=[("contract", "劳动合同"), ("wages", "工资发放记录"), ("insurance", "社会保险缴费记录")],
        widget=forms.CheckboxSelectMultiple,
        required=False,
    )
    attachment = forms.FileField(label="合同扫描件", help_text="PDF或图片，不超过10 MB。", required=False)
    remark = forms.CharField(label="补充说明", widget=forms.Textarea(attrs={"rows": 2}), required=False)
    is_true = forms.BooleanField(label="以上内容真实、完整，如有不实，愿承担法律责任")


def sample_form() -> SampleForm:
    """A form sent back with two faults: one figure too large, one choice not made."""
    return SampleForm(
        {
            "total_wages": "18,642,350.00",
            "march_staff": "2160000",
            "contract_start": "2025-07-01",
            "county": "140105",
            "remark": "",
            "is_true": "on",
        }
    )


def months(pattern: str, reasons: dict[int, str] | None = None) -> list[dict[str, Any]]:
    """Twelve cells from a pattern such as `...---xxxxxx`."""
    return [
        {
            "month": month,
            "kind": LETTERS[letter][0],
            "weight": LETTERS[letter][1],
            "reason": (reasons or {}).get(month, ""),
        }
        for month, letter in enumerate(pattern, start=1)
    ]


def workers() -> list[dict[str, Any]]:
    unpaid = dict.fromkeys(range(4, 7), "未查到工资记录") | dict.fromkeys(
        range(7, 13), "工资2,100.00元，低于当月最低工资标准2,150.00元"
    )
    contested = dict.fromkeys(range(10, 13), "另有单位申报了同一人的相同月份，在认定前暂不计入")
    return [
        {"name": "郭秀兰", "certificate": "听力三级，1人按1人计", "cells": months("111111111111")},
        {"name": "王志强", "certificate": "肢体二级，1人按2人计", "cells": months("......222222")},
        {"name": "赵海燕", "certificate": "视力四级，1人按1人计", "cells": months("...---xxxxxx", unpaid)},
        {"name": "陈晓峰", "certificate": "听力一级，1人按2人计", "cells": months(".........???", contested)},
    ]


def steps() -> list[dict[str, Any]]:
    rows = [
        ("在职职工人月", "12个月人数之和：214 + 215 + 216 + … + 218", "2616", "人月", "财税〔2015〕72号第八条第二款"),
        ("年平均工资", "18,642,350.00 ÷（2,616 ÷ 12）", "85515.37", "元", "财税〔2015〕72号第八条第四款"),
        (
            "计费工资",
            "取小者：85,515.37；当地社会平均工资84,876.00 × 2 = 169,752.00",
            "85515.37",
            "元",
            "财政部公告2019年第98号第一条",
        ),
        ("应安排人月", "2,616 × 1.5%", "39.24", "人月", "财税〔2015〕72号第六条"),
        ("已安排人月", "郭秀兰12个月 × 1 + 王志强6个月 × 2", "24", "人月", "财税〔2015〕72号第七条"),
        ("差额人月", "39.24 − 24（可以不是整数）", "15.24", "人月", "财税〔2015〕72号第八条第三款"),
        ("应纳费额", "15.24 × 85,515.37 ÷ 12", "108604.52", "元", "财税〔2015〕72号第八条第一款"),
        (
            "减免费额",
            "安排比例24 ÷ 2,616 = 0.92%，低于1%，减征10%：108,604.52 × 10%",
            "10860.45",
            "元",
            "财政部公告2023年第8号第一条",
        ),
        ("应缴费额", "108,604.52 − 10,860.45", "97744.07", "元", "财税〔2015〕72号第八条"),
    ]
    names = ("label", "formula", "value", "unit", "citation")
    return [dict(zip(names, row, strict=True)) for row in rows]


def stages() -> list[dict[str, str]]:
    rows = [
        ("申报", "done", "9月24日已受理"),
        ("审核", "done", "认定27人月"),
        ("核定", "now", "待第二人确认"),
        ("移交", "todo", "由税务部门接收"),
        ("缴纳", "todo", "以核定通知书为准"),
    ]
    return [{"label": label, "state": state, "note": note} for label, state, note in rows]


def timeline() -> list[dict[str, Any]]:
    return [
        {
            "at": datetime(2026, 10, 14, 8, 40, tzinfo=UTC),
            "who": "刘敏（单位）",
            "title": "补正材料",
            "text": "上传银行代发回单3张",
        },
        {
            "at": datetime(2026, 10, 9, 2, 5, tzinfo=UTC),
            "who": "张慧（初审）",
            "title": "退回补正",
            "text": "赵海燕4至6月无工资记录",
        },
        {
            "at": datetime(2026, 9, 24, 7, 30, tzinfo=UTC),
            "who": "刘敏（单位）",
            "title": "提交申报",
            "text": "受理号SB-140105-2026-004817",
        },
    ]


YEARS = ["2020年", "2021年", "2022年", "2023年", "2024年", "2025年"]


def charts() -> dict[str, Any]:
    due = [14210, 14656, 15020, 15690, 16183, 16659]
    placed = [10316, 10903, 11484, 12191, 12874, 13492]
    ratios = ["1.09", "1.12", "1.15", "1.17", "1.19", "1.21"]
    return {
        "bars": bar_chart(
            id="heads",
            title="应安排与实际安排（人）",
            description="应安排人数由14,210人增加到16,659人，实际安排人数由10,316人增加到13,492人。",
            labels=YEARS,
            series=[("应安排", list(map(Decimal, due))), ("实际安排", list(map(Decimal, placed)))],
            texts=[[f"{value:,}" for value in due], [f"{value:,}" for value in placed]],
        ),
        "line": line_chart(
            id="ratio",
            title="安排比例",
            description="安排比例由1.09%逐年上升到1.21%，低于规定比例1.5%。纵轴从1.0%开始。",
            labels=[year.removesuffix("年") for year in YEARS],
            values=list(map(Decimal, ratios)),
            texts=[f"{ratio}%" for ratio in ratios],
            rules=[(Decimal("1.0"), "1.0%"), (Decimal("1.2"), "1.2%"), (Decimal("1.4"), "1.4%")],
            reference=(Decimal("1.5"), "规定比例1.5%"),
        ),
    }


def counties() -> list[dict[str, Any]]:
    rows = [
        ("小店区", 20443, "50778800.85", "0.0125"),
        ("娄烦县", 1169, "3642225.01", "0.0122"),
        ("机关", 1798, "0", "0.0158"),
    ]
    return [
        {
            "name": name,
            "employers": employers,
            "payable": Decimal(payable),
            "ratio": Decimal(ratio),
            "bar": cell_bar(Decimal(ratio), low=Decimal(0), high=Decimal("0.018"), mark=Decimal("0.015")),
        }
        for name, employers, payable, ratio in rows
    ]


COLOURS = [
    ("page", "页面底色", "#ffffff", "#12181f"),
    ("panel", "分区底色", "#f3f5f8", "#1b232c"),
    ("ink", "正文", "#18202a", "#eaeef3"),
    ("ink-2", "次要文字", "#424f5e", "#b7c2cf"),
    ("line", "分隔线", "#ccd4dd", "#3a4654"),
    ("line-2", "控件边框", "#66727f", "#8d9bab"),
    ("brand", "链接、主按钮", "#1a4b7d", "#93c0ee"),
    ("band", "页头", "#143a63", "#0c2138"),
    ("seal", "印章、页头细线", "#ad2e24", "#b23a30"),
    ("ok", "完成", "#125730", "#86d4a6"),
    ("warn", "需处理", "#734400", "#f2c66d"),
    ("bad", "错误、逾期", "#94201a", "#f6a8a1"),
    ("focus-edge", "焦点外圈", "#18202a", "#ffffff"),
]
SIZES = [
    ("页面标题", "28，1.4", "t-2xl", "核定通知书"),
    ("节标题", "22，1.4", "t-xl", "费额怎样算出来"),
    ("小节标题", "18，1.4", "t-l", "残疾职工逐月核对"),
    ("正文", "16，1.75", "t-m", "每行不超过40字，两端不对齐。"),
    ("密集表格", "15，1.5", "t-d", "2,616人月"),
    ("说明", "14，1.6", "small soft", "数据更新于2026年11月20日"),
]
USES = [
    "空心圆：还没有人办理",
    "蓝色空心圆：正在办理，等工作人员",
    "蓝色实心圆：已办结",
    "绿色实心圆：已办结，且符合要求",
    "三角：需要当前用户处理",
    "方块：超过期限、不通过、出错",
    "横线：不适用、撤回、资料缺失",
]
FIGURES = [
    {"label": "试算单位", "value": "85,625", "unit": "户", "note": "上年83,190户"},
    {"label": "应缴单位", "value": "7,948", "unit": "户", "note": "占9.3%"},
    {"label": "应缴费额", "value": "24,055.52", "unit": "万元", "note": "240,555,215.68元"},
    {"label": "资料缺失", "value": "1,186", "unit": "户", "note": "不在本批次核定，转催报"},
]
TALLY = [
    {"label": "应安排", "value": "39.24"},
    {"label": "单位申报", "value": "51"},
    {"label": "系统核算", "value": "24"},
    {"label": "当前认定", "value": "27", "unit": "人月", "is_now": True},
    {"label": "要求补正", "value": "6"},
]
FACTS = [
    {"label": "核定单位", "value": "85,625户，其中应缴7,948户"},
    {"label": "应缴费额", "value": "240,555,215.68元", "url": "#", "action": "查看"},
    {"label": "核对人", "value": "何静，11月10日"},
    {"label": "生效后", "value": "生成通知书，移交税务部门。不能撤回，只能另作更正"},
]
TABS = [
    {"url": "#", "label": "全部", "count": 63, "current": True},
    {"url": "#", "label": "待初审", "count": 41},
    {"url": "#", "label": "逾期", "count": 2},
]
DOWNLOADS = [
    {
        "url": "#",
        "name": "2025年度太原市移交名单",
        "format": "CSV",
        "size": 8_812_544,
        "rows": 85625,
        "total": Decimal("240555215.68"),
        "sha256": "9f2c71ab0c8e4f4f9d1a7c0b52e6d3318a4b90ce77f0a1d2c3b4e5f60718e04d",
    },
    {"url": "#", "name": "指标说明", "format": "PDF", "size": 90_112, "note": "每项指标的口径、来源和更新时间"},
]
DECISIONS = [
    {"value": "count", "label": "计入"},
    {"value": "refuse", "label": "不计入"},
    {"value": "ask", "label": "补正"},
]


def page() -> Page:
    return Paginator(range(663), 25).page(12)


def styleguide_context() -> dict[str, Any]:
    """Everything templates/styleguide.html shows."""
    return {
        "colours": [dict(zip(("name", "use", "light", "dark"), row, strict=True)) for row in COLOURS],
        "sizes": [dict(zip(("level", "size", "css", "sample"), row, strict=True)) for row in SIZES],
        "sample": sample_form(),
        "states": list(zip(SampleState, USES, strict=True)),
        "workers": workers(),
        "steps": steps(),
        "stages": stages(),
        "timeline": timeline(),
        "counties": counties(),
        "page": page(),
        "query": QueryDict("year=2025&page=12"),
        "figures": FIGURES,
        "tally": TALLY,
        "facts": FACTS,
        "tabs": TABS,
        "downloads": DOWNLOADS,
        "decisions": DECISIONS,
        **charts(),
    }
