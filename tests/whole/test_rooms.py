"""The rooms of an app: views call services and queries, services call queries, never the other way."""

import ast
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.whole.test_project import APPS, ROOT

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


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def faults(paths: list[Path], rule: Callable[[ast.Module], list[Any]]) -> dict[str, list[Any]]:
    """Collect the findings of a rule by the path of the module."""
    found = {str(path.relative_to(ROOT)): rule(parsed(path)) for path in paths}
    return {path: fault for path, fault in found.items() if fault}


@pytest.mark.parametrize("room", ABOVE)
def test_no_room_imports_from_one_above_it(room: str) -> None:
    assert modules(room)
    assert faults(modules(room), lambda tree: upward(tree, room)) == {}


def test_queries_write_nothing() -> None:
    assert faults(modules("queries"), writes) == {}


def test_sql_stands_before_the_functions_of_its_module() -> None:
    assert faults(modules(), buried_statements) == {}


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


# Public names that two modules may share, since each is read in its own place.
NAMED_ALIKE = {
    "Command": "Django finds a command by its file",
    "language": "the middleware and the address that sets what it reads",
    "number": "the filter of templates writes what law.notation writes in formulas",
    "percent": "the same",
    "yuan": "the same",
}


def public_names(tree: ast.Module) -> Iterator[str]:
    kinds = (ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    yield from (node.name for node in tree.body if isinstance(node, kinds) and not node.name.startswith("_"))


def places_of_names(paths: list[Path]) -> dict[str, list[Path]]:
    """A page or a task may bear the name of the service that it calls: its room says which is meant."""
    places: dict[str, list[Path]] = {}
    for path in paths:
        if room_of(path) not in {"views", "tasks"} and path.relative_to(ROOT).parts[0] != "demo":
            for name in public_names(parsed(path)):
                places.setdefault(name, []).append(path)
    return places


def test_a_public_name_leads_to_one_place() -> None:
    twice = {name: found for name, found in places_of_names(modules()).items() if len(found) > 1}
    assert set(twice) - set(NAMED_ALIKE) == set(), "a name that a search finds twice; NAMED_ALIKE lists the exceptions"


def test_twin_a_public_name_is_seen() -> None:
    tree = ast.parse("class Facts: ...\ndef _own(): ...\ndef assess(): ...")
    assert list(public_names(tree)) == ["Facts", "assess"]


def circles(imports: dict[str, set[str]]) -> list[set[str]]:
    """Groups of modules that import each other, straight or through others."""
    reached: dict[str, set[str]] = {}
    for start in imports:
        seen: set[str] = set()
        waiting = [*imports[start]]
        while waiting:
            module = waiting.pop()
            if module not in seen:
                seen.add(module)
                waiting += imports.get(module, ())
        reached[start] = seen
    found = [{start} | {other for other in seen if start in reached.get(other, ())} for start, seen in reached.items()]
    return [circle for start, circle in zip(reached, found, strict=True) if start in reached[start]]


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def import_graph(paths: list[Path]) -> dict[str, set[str]]:
    names = {module_name(path) for path in paths}
    graph = {}
    for path in paths:
        found = {name if name in names else name.rpartition(".")[0] for name in imported(parsed(path))}
        graph[module_name(path)] = (found & names) - {module_name(path)}
    return graph


def test_no_module_imports_in_a_circle() -> None:
    assert circles(import_graph(modules())) == []


def test_twin_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": {"b"}}) == [{"b", "c"}, {"b", "c"}]
