"""The rooms of an app: views call services and queries, services call queries, never the other way."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
APPS = [
    "audit", "design", "accounts", "casework", "exchange", "quota", "levy", "collection", "subsidies", "portal",
    "disclosure", "operations",
]  # fmt: skip
ABOVE = {
    "models": {"queries", "services", "forms", "views"},
    "queries": {"services", "forms", "views"},
    "services": {"forms", "views"},
}
WRITES = {"save", "create", "update", "delete", "get_or_create", "update_or_create", "record"}
CHANGES = re.compile(r"\s*(INSERT|UPDATE|DELETE|TRUNCATE|CREATE|ALTER|DROP)\b")
STATEMENT = re.compile(r"\s*(SELECT|INSERT|UPDATE|DELETE|TRUNCATE|CREATE|WITH|COPY)\b")


def room_of(path: Path) -> str:
    """The room of a module: <app>/<room>/… or <app>/<room>.py."""
    return path.relative_to(ROOT).parts[1].removesuffix(".py")


def modules(*rooms: str) -> list[Path]:
    found = [path for app in APPS for path in sorted((ROOT / app).rglob("*.py")) if "migrations" not in path.parts]
    return [path for path in found if not rooms or room_of(path) in rooms]


def imported(tree: ast.AST) -> Iterator[str]:
    """The dotted name of every import of a module, also inside its functions."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (name.name for name in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{name.name}" for name in node.names)


def upward(tree: ast.AST, room: str) -> list[str]:
    """Imports of a module of this room from a room above it."""
    parts = ((name, name.split(".")) for name in imported(tree))
    return [name for name, words in parts if words[0] in APPS and words[1:] and words[1] in ABOVE[room]]


def writes(tree: ast.AST) -> list[str]:
    """Calls and SQL that change rows. A hash has `update` too: it takes bytes, a queryset takes named values."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            name = getattr(node.func, "attr", getattr(node.func, "id", ""))
            is_hashing = name == "update" and node.args
            if (name in WRITES and not is_hashing) or name.startswith("bulk_"):
                found.append(f"{name}()")
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and CHANGES.match(node.value):
            found.append(node.value.split()[0])
    return found


def is_statement(value: ast.expr) -> bool:
    """SQL of more than one line, also if it is put together from parts."""
    texts = [part.value for part in ast.walk(value) if isinstance(part, ast.Constant) and isinstance(part.value, str)]
    return bool(texts) and bool(STATEMENT.match(texts[0])) and any("\n" in text for text in texts)


def buried_statements(tree: ast.Module) -> list[int]:
    """The lines of SQL statements inside or after a function."""
    first = min((node.lineno for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)), default=10**6)
    strings = (node for node in ast.walk(tree) if isinstance(node, ast.Constant | ast.JoinedStr))
    return [node.lineno for node in strings if node.lineno > first and is_statement(node)]


def faults(paths: list[Path], rule: object) -> dict[str, object]:
    found = {str(path.relative_to(ROOT)): rule(path) for path in paths}  # type: ignore[operator]
    return {path: fault for path, fault in found.items() if fault}


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("room", ABOVE)
def test_no_room_imports_from_one_above_it(room: str) -> None:
    assert modules(room)
    assert faults(modules(room), lambda path: upward(parsed(path), room)) == {}


def test_queries_write_nothing() -> None:
    assert faults(modules("queries"), lambda path: writes(parsed(path))) == {}


def test_sql_stands_before_the_functions_of_its_module() -> None:
    assert faults(modules(), lambda path: buried_statements(parsed(path))) == {}


@pytest.mark.parametrize(
    ("code", "room"),
    [
        ("from levy.services import runs", "queries"),
        ("from quota.services.filing import hold", "queries"),
        ("from quota.forms import ReturnForm", "services"),
        ("def f():\n    import quota.views.cases", "services"),
        ("from levy import queries", "models"),
    ],
)
def test_the_rule_sees_an_import_from_above(code: str, room: str) -> None:
    assert upward(ast.parse(code), room)


@pytest.mark.parametrize(
    "code", ["row.save()", "rows.update(state=1)", "record(actor=a)", "rows.bulk_create([])", 'X = "\\nDELETE FROM t"']
)
def test_the_rule_sees_a_write(code: str) -> None:
    assert writes(ast.parse(code))


def test_the_rule_sees_sql_between_functions() -> None:
    assert buried_statements(ast.parse('X = """\nSELECT 1\n"""\ndef f(): pass')) == []
    assert buried_statements(ast.parse('def f(): pass\nX = """\nSELECT 1\n"""')) == [2]
    assert buried_statements(ast.parse('def f(part):\n    return f"""\n    WITH {part} SELECT 1\n    """')) != []
