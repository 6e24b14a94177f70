"""The house rules that a program can check: layers, types, style, migrations, names."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.template import TemplateSyntaxError
from django.template.loader import get_template

from accounts.permissions import Permission
from audit.titles import TITLES
from law.policy import Outcome
from levy.models.assessments import OutcomeCode
from tests import promises
from tools.faults import steps
from tools.faults.__main__ import STEPS

ROOT = Path(__file__).resolve().parents[2]
APPS = [
    "config",
    "demo",
    "operations",
    "disclosure",
    "portal",
    "subsidies",
    "collection",
    "levy",
    "quota",
    "exchange",
    "access",
    "casework",
    "accounts",
    "design",
    "audit",
    "law",
]
CODE = [
    path for app in [*APPS, "tools/faults"] for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts
]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
BIN = Path(sys.executable).parent
MOST_CHARACTERS_OF_A_TEMPLATE = 8_000
LONGEST_LINE_OF_A_TEMPLATE = 150
MOST_LINES_OF_A_MODULE = 400


def named(faults: dict[Path, str]) -> dict[str, str]:
    """Faults by the file's path in the project."""
    return {str(path.relative_to(ROOT)): fault for path, fault in faults.items()}


def run(*command: str) -> None:
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(
    "command",
    [
        ("ruff", "check", "."),
        ("ruff", "format", "--check", "."),
        ("lint-imports",),
        ("mypy",),
        ("djangofmt", "--check", "templates"),
        ("djlint", "--lint", "templates"),
    ],
    ids=lambda command: " ".join(command),
)
def test_the_code_keeps_its_rules(command: tuple[str, ...]) -> None:
    run(str(BIN / command[0]), *command[1:])


@pytest.mark.django_db
def test_no_migration_is_missing() -> None:
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


def test_production_settings_have_nothing_to_warn_of() -> None:
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_ALLOW_ASYNC_UNSAFE"} | {
        "DJANGO_SETTINGS_MODULE": "config.settings.production",
        "ALLOWED_HOSTS": "levy.example.cn",
        "SECRET_KEY": "a-long-secret-key-for-this-check-only-0123456789-abcdefghij",
    }
    done = subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_outcomes_have_the_same_codes_and_words_in_the_law_and_in_the_tables() -> None:
    assert {code.value: str(code.label) for code in OutcomeCode} == {code.value: code.label for code in Outcome}


def recorded_actions() -> set[str]:
    """Every dotted action that the code passes to record(), and every transition of a model."""
    text = "\n".join(path.read_text() for path in CODE)
    return set(re.findall(r'action="([a-z_]+\.[a-z_.]+)"', text))


def test_every_recorded_action_has_a_name_for_people() -> None:
    assert recorded_actions() - set(TITLES) == set()


def test_every_permission_is_asked_for_somewhere() -> None:
    text = "\n".join(path.read_text() for path in CODE if path.name != "permissions.py")
    unused = [right.name for right in Permission if f"Permission.{right.name}" not in text]
    assert unused == []


def test_every_template_compiles_and_stays_readable() -> None:
    faults = {}
    for path in TEMPLATES:
        try:
            get_template(str(path.relative_to(ROOT / "templates")))
        except TemplateSyntaxError as error:
            faults[path] = str(error)
        source = path.read_text()
        if len(source) > MOST_CHARACTERS_OF_A_TEMPLATE:
            faults[path] = "longer than a template may be"
        if any(len(line) > LONGEST_LINE_OF_A_TEMPLATE for line in source.splitlines()):
            faults[path] = "a line longer than a line may be"
    assert named(faults) == {}


def test_a_part_of_a_page_takes_few_things() -> None:
    """Components take what their header says; a part that needs more than three things takes one object of them."""
    source = "\n".join(path.read_text() for path in TEMPLATES)
    includes = re.findall(r"{% include \"(?!components/)([\w/]+\.html)\" with ([^%]+?) only %}", source)
    assert includes
    given = [(name, set(re.findall(r"(\w+)=", text)) - {"csrf_token"}) for name, text in includes]
    assert [(name, things) for name, things in given if len(things) > 3] == []


def test_a_part_with_a_form_is_given_the_token_that_the_form_sends() -> None:
    """`only` keeps it back, and then every browser's POST is refused, which the test client does not notice."""
    with_form = {path.name for path in TEMPLATES if "{% csrf_token %}" in path.read_text()}
    includes = re.findall(
        r"{% include \"[\w/]*?(\w+\.html)\"([^%]*)only %}", "\n".join(p.read_text() for p in TEMPLATES)
    )
    assert [name for name, given in includes if name in with_form and "csrf_token=" not in given] == []


def test_every_template_is_used() -> None:
    text = "\n".join(path.read_text() for path in [*CODE, *TEMPLATES])
    names = {str(path.relative_to(ROOT / "templates")) for path in TEMPLATES}
    by_status = {name for name in names if name.startswith("errors/")}
    unused = {name for name in names - by_status if not name.startswith("django/") and name not in text}
    assert unused == set()


def faults_of_module(path: Path) -> str:
    text = path.read_text()
    if len(text.splitlines()) > MOST_LINES_OF_A_MODULE:
        return "longer than a module may be"
    is_plain = path.name in {"__init__.py", "apps.py"}
    return "" if is_plain or text.lstrip().startswith('"""') else "no docstring"


def test_every_module_says_what_it_owns_and_stays_readable() -> None:
    assert named({path: fault for path in CODE if (fault := faults_of_module(path))}) == {}


def test_models_speak_chinese_to_people() -> None:
    ours = [model for model in apps.get_models() if model._meta.app_label in APPS and not model._meta.auto_created]
    unnamed = [model for model in ours if str(model._meta.verbose_name).isascii() and not hasattr(model, "pgh_id")]
    assert unnamed == []


def test_every_word_of_the_glossary_exists_in_the_code() -> None:
    code = "\n".join(path.read_text() for path in CODE)
    rows = (line.split("|") for line in (ROOT / "docs" / "glossary.md").read_text().splitlines())
    words = [word for row in rows if len(row) == 5 for word in re.findall(r"`([^`…]+)`", row[2])]
    assert len(words) > 50
    assert [word for word in words if not re.search(rf"\b{re.escape(word)}\b", code)] == []


def is_missing(name: str) -> bool:
    path, _, function = name.partition("::")
    if not (ROOT / path).exists():
        return True
    return bool(function) and f"def {function}(" not in (ROOT / path).read_text()


def test_every_proof_of_a_promise_exists() -> None:
    without = [promise.id for promise in promises.read() if not promise.proofs]
    named_tests = [name for promise in promises.read() for name in (*promise.proofs, *promise.twins)]
    assert (without, list(filter(is_missing, named_tests))) == ([], [])


@pytest.mark.parametrize("name", ["tests/nowhere.py", "tests/conftest.py::test_nothing"])
def test_twin_a_proof_that_does_not_exist_is_found(name: str) -> None:
    assert is_missing(name)


def test_every_race_fault_and_access_promise_has_its_twin() -> None:
    guarded = [promise for promise in promises.read() if promise.kind in {"race", "fault", "access"}]
    assert [promise.id for promise in guarded if not promise.twins and not promise.removed] == []


def test_a_promise_is_one_entry_of_a_known_kind_and_its_step_reports_it() -> None:
    found = promises.read()
    assert len({promise.id for promise in found}) == len(found)
    assert {promise.kind for promise in found} == {"figures", "race", "fault", "input", "access", "privacy", "pages"}
    assert {promise.form for promise in found} == {"short", "whole"}
    for promise in found:
        if promise.step:
            assert promise.step in STEPS
            text = (Path(steps.__file__).parent / f"{promise.step}.py").read_text()
            assert re.search(rf"\b{promise.id}\b", text), f"{promise.id} is no promise of the step {promise.step}"


def test_the_page_of_promises_shows_the_data_and_stays_short() -> None:
    wanted = promises.page()
    if os.environ.get("LEVY_RENEW_PROMISES"):
        promises.PAGE.write_text(wanted)
    assert promises.PAGE.read_text() == wanted, "LEVY_RENEW_PROMISES=1 writes the page anew"
    assert len(wanted.splitlines()) < 120
    assert max(map(len, wanted.splitlines())) < 120
