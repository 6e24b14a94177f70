"""The texts that public pages cite, and the articles whose wording has been checked. docs/rules.md, section 8, says
the same to developers; a test compares the two."""

from dataclasses import dataclass
from datetime import date

from django.utils.translation import gettext_lazy as _


@dataclass(frozen=True, slots=True)
class CitedSource:
    """A text by its number. `seen` lists the articles whose words were compared; `is_seen` is True if its content
    was."""

    number: str
    title: str
    in_force: date | None
    seen: tuple[str, ...] = ()
    is_seen: bool = True


SOURCES = (
    CitedSource(
        "财税〔2015〕72号",
        _("残疾人就业保障金征收使用管理办法"),
        date(2015, 10, 1),
        ("第二条", "第四条", "第六条", "第七条", "第八条", "第十二条", "第十六条", "第二十六条"),
    ),
    CitedSource("财税〔2017〕18号", _("扩大免征范围，设定征收标准上限"), date(2017, 4, 1)),
    CitedSource("财税〔2018〕39号", _("征收标准上限由3倍降至2倍"), date(2018, 4, 1)),
    CitedSource(
        "财政部公告2019年第98号",
        _("分档减缴，暂免征收，劳务派遣协议"),
        date(2020, 1, 1),
        ("第一条", "第二条", "第三条", "第四条"),
    ),
    CitedSource("财政部公告2023年第8号", _("延续分档减缴和暂免征收"), date(2023, 1, 1)),
    CitedSource("残联厅函〔2022〕63号", _("联网认证的计算口径"), None, ("（一）", "（二）", "（三）", "（四）")),
    CitedSource("残疾人就业条例", _("国务院令第488号"), date(2007, 5, 1), ("第八条", "第十条", "第十一条")),
    CitedSource(
        "个人信息保护法",
        _("中华人民共和国个人信息保护法"),
        date(2021, 11, 1),
        ("第四十五条", "第四十六条", "第四十七条", "第五十一条", "第五十二条"),
    ),
    CitedSource(
        "全国人大常委会关于实施渐进式延迟法定退休年龄的决定",
        _("法定退休年龄"),
        date(2025, 1, 1),
        is_seen=False,
    ),
)


def cited_source(citation: str) -> CitedSource:
    """The text at the beginning of a citation. Raises LookupError for an unlisted text."""
    for source in SOURCES:
        if citation.startswith(source.number):
            return source
    raise LookupError(citation)


def is_checked(citation: str) -> bool:
    """True if the cited words were compared: of the article named, or of the text if no article is named."""
    source = cited_source(citation)
    article = citation.removeprefix(source.number)
    return source.is_seen and (not article or article.startswith(source.seen))
