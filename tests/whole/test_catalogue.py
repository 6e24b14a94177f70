"""English beside Chinese: every text of the interface is in the catalogue, translated and compiled."""

import ast
import gettext
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from django.utils.translation.template import templatize

from tests.whole.test_project import CODE, ROOT, TEMPLATES

PO = ROOT / "locale" / "en" / "LC_MESSAGES" / "django.po"
MARKS = {"_", "gettext", "gettext_lazy", "gettext_noop", "ngettext", "ngettext_lazy"}
IN_TEMPLATES = re.compile(r"\b(?:_|gettext|ngettext)\(((?:\s*u?(?:'(?:\\.|[^'\\])*'|\"(?:\\.|[^\"\\])*\"),?)+)")
CHINESE = re.compile(r"[\u3000-\u303f\u3400-\u9fff\uff00-\uffef]")
FIGURES = re.compile(r"%\(\w+\)[a-z]|%[sd]|\{\w+\}")
# What an English sentence quotes as it is: values of exchange files, names of files, articles, examples.
QUOTED = re.compile(
    r"财税〔\d+〕\d+号(?:第\w+条)?|财政部公告2023年第8号|第十二条|残核〔2026〕|目录\.csv|清和精密|残保金|是|否|残疾人证|残疾军人证|规定比例|社会平均工资|最低工资|有效|注销|冻结"
    r"|在编|劳动合同|劳务派遣|派遣单位|用工单位|机关|团体|企业|民办非企业单位|事业单位|个体工商户"
)

Message = tuple[str, ...]  # one text, or singular and plural


def name_of(call: ast.Call) -> str:
    return getattr(call.func, "id", getattr(call.func, "attr", ""))


def spoken_by_code(path: Path) -> Iterator[Message]:
    """The texts that a module marks for the catalogue."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and name_of(node) in MARKS:
            texts = [
                part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)
            ]
            if texts:
                yield tuple(texts)


def spoken_by_template(path: Path) -> Iterator[Message]:
    """The texts of {% translate %}, {% blocktranslate %} and _("…"), as Django itself finds them."""
    for found in IN_TEMPLATES.finditer(templatize(path.read_text(), origin=str(path))):
        yield ast.literal_eval(f"({found[1].rstrip(',')},)")


def spoken() -> set[Message]:
    by_code = {message for path in CODE for message in spoken_by_code(path)}
    return by_code | {message for path in TEMPLATES for message in spoken_by_template(path)}


def catalogue() -> dict[Message, Message]:
    """The entries of the .po file: (singular, plural?) to their translations."""
    entries = {}
    for block in PO.read_text().split("\n\n"):
        texts: list[tuple[str, str]] = []
        for line in block.splitlines():
            keyword, quoted, rest = line.partition('"')
            if quoted and not line.startswith("#"):
                text = ast.literal_eval(quoted + rest)
                texts.append((keyword.strip(), text)) if keyword else texts.append(
                    (texts[-1][0], texts.pop()[1] + text)
                )
        ids = tuple(text for keyword, text in texts if keyword.startswith("msgid"))
        entries[ids] = tuple(text for keyword, text in texts if keyword.startswith("msgstr"))
    assert entries.pop(("",)), "no header"
    return entries


ENTRIES = catalogue()


def test_the_catalogue_has_what_the_interface_says_and_nothing_else() -> None:
    said = spoken()
    assert said - set(ENTRIES) == set(), "not in the catalogue: see README.md"
    assert set(ENTRIES) - said == set(), "no longer said"


def untranslated(message: Message, texts: Message) -> Iterator[str]:
    """The faults of one message's translations."""
    for text in texts:
        if not text.strip():
            yield "empty"
        if set(FIGURES.findall(text)) != set(FIGURES.findall(message[0])):
            yield f"other figures: {text}"
        if CHINESE.search(QUOTED.sub("", text)):
            yield f"still Chinese: {text}"


def test_every_text_is_translated_whole() -> None:
    found = {message[0]: list(untranslated(message, texts)) for message, texts in ENTRIES.items()}
    assert {message: faults for message, faults in found.items() if faults} == {}


@pytest.mark.parametrize("text", [" ", "staff", "%(count)s 人"])
def test_twin_a_text_that_is_not_translated_whole_is_found(text: str) -> None:
    assert list(untranslated(("%(count)s人",), ("%(count)s people",))) == []
    assert list(untranslated(("%(count)s人",), ("%(count)s people", text))) != []


def test_nothing_is_uncertain_or_left_over() -> None:
    text = PO.read_text()
    assert "fuzzy" not in text
    assert "#~" not in text


def test_what_was_compiled_is_what_was_written() -> None:
    with PO.with_suffix(".mo").open("rb") as file:
        compiled = gettext.GNUTranslations(file)
    for ids, texts in ENTRIES.items():
        if len(ids) == 1:
            assert (compiled.gettext(*ids),) == texts
        else:
            assert tuple(compiled.ngettext(*ids, number) for number in (1, 2)) == texts


def test_chinese_is_the_language_of_the_source() -> None:
    assert [code for code, _name in settings.LANGUAGES] == [settings.LANGUAGE_CODE, "en"] == ["zh-hans", "en"]
