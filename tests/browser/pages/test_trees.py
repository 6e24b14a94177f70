"""The accessibility trees of a few kinds of pages, stored as text and reviewed like code (promise H3).

Digits are masked, and the first of equal neighbours (rows, options) represents all, so that only a change of structure
or wording shows. After such a change: LEVY_RENEW_TREES=1 python3 run.py test tests/browser/pages/test_trees.py
"""

import os
import re
from pathlib import Path

import pytest

from tests.browser.pages.site import Site

pytestmark = pytest.mark.django_db
TREES = Path(__file__).with_name("trees")
# One of each kind of page: (role, address) by the name of its file.
KINDS = {
    "first-page": ("", "/"),
    "search": ("", "/search/?q=有限公司"),
    "calculator": ("", "/calculator/"),
    "help": ("", "/help/"),
    "sign-in": ("", "/sign-in/"),
    "display": ("", "/display/"),
    "accessibility": ("", "/accessibility/"),
    "home-of-an-officer": ("levy1-shanxi", "/home/"),
    "queue": ("verifier1-shanxi", "/verification/"),
    "file-import": ("tax-shanxi", "/files/"),
    "runs": ("levy1-shanxi", "/runs/"),
    "run-start": ("levy1-shanxi", "/runs/start/"),
    "list-choose": ("tax-shanxi", "/lists/"),
    "people": ("admin1-shanxi", "/people/"),
    "person-new": ("admin1-shanxi", "/people/new/"),
}
ONE_FOR_ALL = ("row", "option")


def masked(tree: str) -> str:
    """The tree without its daily differences: digits, and all but the first of equal neighbours."""
    kept, skipped, before = [], -1, {}
    for line in re.sub(r"\d[\d,.]*", "0", tree).splitlines():
        depth = len(line) - len(line.lstrip())
        role = line.strip().removeprefix("- ").split(" ")[0].rstrip(":")
        if skipped >= 0 and depth > skipped:
            continue
        skipped = -1
        before = {level: seen for level, seen in before.items() if level <= depth}
        if role in ONE_FOR_ALL and before.get(depth) == role:
            skipped = depth
            continue
        before[depth] = role
        kept.append(line)
    return "\n".join(kept) + "\n"


@pytest.mark.parametrize("kind", KINDS)
def test_the_tree_of_a_page_is_the_one_that_was_reviewed(site: Site, kind: str) -> None:
    role, address = KINDS[kind]
    file = TREES / f"{kind}.yml"
    with site.page(role) as page:
        page.goto(address)
        tree = masked(page.locator("body").aria_snapshot())
    if os.environ.get("LEVY_RENEW_TREES"):
        file.write_text(tree)
    assert tree == file.read_text(), f"reviewed and found right? LEVY_RENEW_TREES=1 writes {file.name} anew"


def test_every_kept_tree_belongs_to_a_page() -> None:
    assert {file.stem for file in TREES.glob("*.yml")} == set(KINDS)


def test_twin_a_lost_name_or_level_changes_the_tree(site: Site) -> None:
    with site.page("") as page:
        page.goto("/help/")
        page.evaluate("document.querySelector('h1').outerHTML = '<p>使用帮助</p>'")
        assert masked(page.locator("body").aria_snapshot()) != (TREES / "help.yml").read_text()
