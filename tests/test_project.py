"""The house rules that a program can hold: layers, types, style, migrations, names."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from django.apps import apps
from django.core.management import call_command
from django.template.loader import get_template

from accounts.permissions import Permission
from audit.titles import TITLES
from levy.models.assessments import OutcomeCode
from levy.policy import Outcome
from levy.rules import EntityType as RuleEntityType
from quota import enums
from quota.rules import counting

ROOT = Path(__file__).resolve().parents[1]
APPS = ["config", "demo", "operations", "disclosure", "subsidies", "levy", "quota", "accounts", "audit"]
CODE = [path for app in [*APPS, "faults"] for path in (ROOT / app).rglob("*.py") if "migrations" not in path.parts]
TEMPLATES = sorted((ROOT / "templates").rglob("*.html"))
BIN = Path(sys.executable).parent


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


def test_codes_are_the_same_on_both_sides_of_the_law() -> None:
    """The rules know no Django, so their codes stand there once more."""
    for mine, theirs in (
        (enums.CertificateKind, counting.CertificateKind),
        (enums.CertificateState, counting.CertificateState),
        (enums.EmploymentForm, counting.EmploymentForm),
        (enums.EntityType, RuleEntityType),
        (OutcomeCode, Outcome),
    ):
        assert set(mine.values) == {member.value for member in theirs}
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


@pytest.mark.parametrize("path", TEMPLATES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_template_compiles_and_says_what_it_takes(path: Path) -> None:
    get_template(str(path.relative_to(ROOT / "templates")))
    source = path.read_text()
    assert len(source) <= 8_000, "longer than a template may be"
    assert [line for line in source.splitlines() if len(line) > 150] == []


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


@pytest.mark.parametrize("path", CODE, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_module_says_what_it_owns_and_stays_readable(path: Path) -> None:
    text = path.read_text()
    assert len(text.splitlines()) <= 400
    is_plain = path.name in {"__init__.py", "apps.py"}
    assert is_plain or text.lstrip().startswith('"""'), "no docstring"


def test_models_speak_chinese_to_people() -> None:
    ours = [model for model in apps.get_models() if model._meta.app_label in APPS and not model._meta.auto_created]
    unnamed = [model for model in ours if str(model._meta.verbose_name).isascii() and not hasattr(model, "pgh_id")]
    assert unnamed == []


def promised_tests() -> list[str]:
    return re.findall(r"`(tests/[^`]+)`", (ROOT / "docs" / "promises.md").read_text())


@pytest.mark.parametrize("name", promised_tests())
def test_every_proof_of_a_promise_exists(name: str) -> None:
    path, _, function = name.partition("::")
    text = (ROOT / path).read_text()
    assert not function or f"def {function}(" in text
