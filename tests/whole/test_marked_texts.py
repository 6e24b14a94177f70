"""Chinese that people read is marked for the catalogue, so that its English cannot be missing."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path

from django.template.base import Lexer, TokenType

from tests.whole.test_catalogue import MARKS, name_of
from tests.whole.test_project import CODE, ROOT, TEMPLATES

# Where Chinese is not the interface's: what is official, what is data, and what only operators read.
OFFICIAL = {
    "demo/": "invented data",
    "tools/faults/": "the plan of the faults and its report, for operators",
    "design/styleguide.py": "samples of the style guide",
    "/management/": "commands, for operators",
    "config/": "names that an installation sets",
    "design/typesetting.py": "a range of characters",
    "design/templatetags/formats.py": "capital numerals of documents",
    "exchange/engine/": "headings of exchange files",
    "exchange/sheets.py": "the heading of the line numbers in a sheet",
    "quota/kinds/": "headings of exchange files",
    "collection/kinds.py": "headings of exchange files",
    "collection/queries/cases.py": "headings of the list of payments due",
    "levy/queries/comparison.py": "headings of the lists of what changed",
    "collection/queries/lists.py": "headings of the levy list",
    "collection/queries/payment_match.py": "headings of the list of mismatches",
    "levy/services/batches.py": "names and headings in the archive of notices",
    "levy/services/notices.py": "the number of a notice",
    "design/workbooks.py": "the font of workbooks",
    "levy/documents/notice.py": "the notice",
    "levy/documents/run_report.py": "the report",
    "levy/views/documents.py": "names of official files",
    "law/policy.py": "the name of a version",
    "levy/queries/estimates.py": "a basis, cited like an article",
    "quota/documents/headcount_certificate.py": "the certificate",
    "disclosure/columns.py": "headings of the open data",
    "disclosure/services/freezing.py": "names in the frozen copy",
    "subsidies/views/awards.py": "headings of the list of rewards",
    "templates/levy/_notice_sheet.html": "the notice",
    "templates/levy/_run_report_sheet.html": "the report",
    "templates/quota/_headcount_certificate_sheet.html": "the certificate",
    "templates/styleguide/": "samples of the style guide",
}
IDEOGRAPH = re.compile(r"[\u3400-\u9fff]")
# Laws are quoted in Chinese, by name, number or article; so are both languages' own names and the mark of the site.
QUOTED = re.compile(
    r"《\w+》|(?:财税|残联厅函)〔\d+〕\d+号|财政部公告\d+年第\d+号|\w*(?:条例|法|决定)(?=第|$)|第\w+?条(?:第\w+?款)?"
    r"|（[一二三四]）|简体中文|>保<|^[一鿿]$"
)
IN_TAG = re.compile(r"_\(\"[^\"]*\"\)")


def is_interface(path: Path) -> bool:
    place = f"/{path.relative_to(ROOT)}"
    return not any(
        official in place if official.startswith("/") else place[1:].startswith(official) for official in OFFICIAL
    )


def unmarked_in_code(path: Path) -> Iterator[str]:
    """Literals outside docstrings and outside calls that mark them."""
    tree = ast.parse(path.read_text())
    read = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and name_of(call) in MARKS:
            read |= {id(part) for part in ast.walk(call)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in read:
            yield node.value


def unmarked_in_template(path: Path) -> Iterator[str]:
    """Text, and words within tags, outside {% translate %} and {% blocktranslate %}."""
    closing = ""
    for token in Lexer(path.read_text()).tokenize():
        tag = token.contents.split(maxsplit=1)[0] if token.token_type is TokenType.BLOCK else ""
        if closing:
            closing = "" if tag == closing else closing
        elif tag in ("blocktranslate", "comment"):
            closing = f"end{tag}"
        elif tag != "translate" and token.token_type is not TokenType.COMMENT:
            yield IN_TAG.sub("", token.contents)


def chinese(texts: Iterator[str]) -> list[str]:
    return [text.strip()[:80] for text in texts if IDEOGRAPH.search(QUOTED.sub("", text))]


def unmarked(paths: list[Path], texts: Callable[[Path], Iterator[str]]) -> dict[str, list[str]]:
    """The unmarked Chinese of each file of the interface."""
    found = {str(path.relative_to(ROOT)): chinese(texts(path)) for path in filter(is_interface, paths)}
    return {place: left for place, left in found.items() if left}


def test_no_chinese_of_the_code_is_left_unmarked() -> None:
    assert unmarked(CODE, unmarked_in_code) == {}


def test_no_chinese_of_a_template_is_left_unmarked() -> None:
    assert unmarked(TEMPLATES, unmarked_in_template) == {}


def test_an_unmarked_text_is_found(tmp_path: Path) -> None:
    code = tmp_path / "planted.py"
    code.write_text('"""中文"""\nA = _("标明")\nB = f"{A}没有标明"\n')
    assert chinese(unmarked_in_code(code)) == ["没有标明"]
    page = tmp_path / "planted.html"
    page.write_text('{% translate "标明" %}{% blocktranslate %}标明{% endblocktranslate %}{# 不显示 #}<p>没有标明</p>')
    assert chinese(unmarked_in_template(page)) == ["<p>没有标明</p>"]


def test_what_is_excepted_exists() -> None:
    places = [f"/{path.relative_to(ROOT)}" for path in [*CODE, *TEMPLATES]]
    assert [official for official in OFFICIAL if not any(official in place for place in places)] == []
