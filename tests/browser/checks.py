"""Checks for every page in a real browser: axe, narrow screens, the keyboard. Each returns the faults."""

from collections.abc import Sequence
from typing import Any, NamedTuple

from axe_playwright_python.base import AXE_SCRIPT
from playwright.sync_api import ConsoleMessage, Page, Request

from tests.browser.skeleton import Sound, ask, skeleton

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
# No rule of the style sheet gives another colour at another width.
SAME_AT_EVERY_WIDTH = "color-contrast"
WIDE = 1280
SOUND = Sound()
# What is asked of axe, and of its answer what is told.
LOOK = """async ({tags, leftOut, only}) => {
  const runOnly = only ? {type: "rule", values: [only]} : {type: "tag", values: tags};
  const rules = leftOut ? {[leftOut]: {enabled: false}} : {};
  const found = await axe.run({runOnly, rules, resultTypes: ["violations", "incomplete"]});
  const reason = ({data}) => data && data.constructor === Object ? [data.messageKey || ""] : [];
  const places = result => result.flatMap(({id, nodes}) => nodes.map(({target, html, any, all, none}) =>
    ({rule: id, target, html, reasons: [...any, ...all, ...none].flatMap(reason)})));
  return {violations: places(found.violations), incomplete: places(found.incomplete)};
}"""
# WCAG 1.4.12: nothing may be lost when a reader spaces text out like this.
SPACED_TEXT = """
* { line-height: 1.5 !important; letter-spacing: .12em !important; word-spacing: .16em !important; }
p { margin-bottom: 2em !important; }
"""
STOP = """() => {
  const stop = document.activeElement;
  if (!stop || stop === document.body) return null;
  let shown = stop;
  if (stop.matches(".seg input")) shown = stop.nextElementSibling;
  const style = getComputedStyle(shown);
  const box = shown.getClientRects()[0]; // the first line of a link that wraps
  const x = Math.min(Math.max(box.left + Math.min(box.width, 40) / 2, 0), innerWidth - 1);
  const y = Math.min(Math.max(box.top + Math.min(box.height, 20) / 2, 0), innerHeight - 1);
  const top = document.elementFromPoint(x, y);
  return {
    what: stop.outerHTML.slice(0, 90),
    ring: style.outlineStyle === "none" ? 0 : parseFloat(style.outlineWidth),
    covered: !(top && (shown.contains(top) || top.contains(shown))),
  };
}"""


def complaints(page: Page, site: str) -> list[str]:
    """A list that collects the browser's complaints (the content policy, for example) and foreign addresses."""
    faults: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            faults.append(message.text)

    def watch(request: Request) -> None:
        if not request.url.startswith((site, "data:")):
            faults.append(f"asks elsewhere: {request.url}")

    page.on("console", hear)
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on("request", watch)
    return faults


class Findings(NamedTuple):
    """`faults` are the failures of axe; `undecided` are the checks it could not decide and no person has approved
    yet."""

    faults: list[str]
    undecided: list[str]


# What axe cannot decide by itself, each looked at: (rule, its reason) and why it is no fault.
DECIDED = {
    (
        "color-contrast",
        "imgNode",
    ): "words of a chart: --ink or --ink-2 on --page, 16:1 and 8:1, edged with --page",
    ("color-contrast", "nonBmp"): "the arrow of a sorted column, hidden from readers, in the colour of its heading",
}


def axe(page: Page, *, left_out: str = "", only: str = "") -> Findings:
    """One run of axe on the present page, by all rules, by all but one, or by one: rule and place of each finding."""
    if not ask(page, "'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found = page.evaluate(LOOK, {"tags": RULES, "leftOut": left_out, "only": only})
    faults = [f"{node['rule']}: {node['target']} {node['html'][:90]}" for node in found["violations"]]
    doubts = [(node["rule"], _reason(node), node["html"][:90]) for node in found["incomplete"]]
    return Findings(faults, [f"{rule} ({why}): {html}" for rule, why, html in doubts if (rule, why) not in DECIDED])


def axe_faults(page: Page) -> list[str]:
    """The failures of axe on the present page."""
    return axe(page).faults


def new_faults(page: Page) -> list[str]:
    """The failures of axe on the present page, if its skeleton is new; checks colours on wide screens only."""
    return new_findings(page, "" if page.viewport_size["width"] >= WIDE else SAME_AT_EVERY_WIDTH).faults


def new_findings(page: Page, left_out: str = "") -> Findings:
    """The findings of axe, unless the skeleton of the page passed before (tests/browser/skeleton.py)."""
    key = f"{skeleton(page)} without {left_out}"
    if SOUND.holds(key):
        return Findings([], [])
    findings = axe(page, left_out=left_out)
    if not any(findings):
        SOUND.add(key)
    return findings


def findings_at(page: Page, widths: Sequence[int]) -> dict[int, Findings]:
    """The findings at each width: every rule at the first, the rules that depend on width at the others.

    At no width may the page scroll sideways.
    """
    found = {}
    for width in widths:
        page.set_viewport_size({"width": width, "height": 900})
        faults, doubts = new_findings(page, "" if width == widths[0] else SAME_AT_EVERY_WIDTH)
        found[width] = Findings(faults + (["scrolls sideways"] if sideways_scroll(page) > 0 else []), doubts)
    return found


def faults_at(page: Page, widths: Sequence[int]) -> dict[int, list[str]]:
    """The faults of each width that has any."""
    return {width: found.faults for width, found in findings_at(page, widths).items() if found.faults}


def _reason(node: dict[str, Any]) -> str:
    return ",".join(sorted(set(node["reasons"])))


def sideways_scroll(page: Page) -> int:
    """Pixels by which the page is wider than the window; tables scroll inside regions of their own."""
    return ask(page, "document.documentElement.scrollWidth - innerWidth")


def keyboard_faults(page: Page, most: int = 150) -> list[str]:
    """Walk through every Tab stop from the top: each must show a ring of 2 px or more and may not be covered."""
    ask(page, "document.activeElement && document.activeElement.blur(); scrollTo(0, 0)")
    faults = []
    for _stop in range(most):
        page.keyboard.press("Tab")
        stop = page.evaluate(STOP)
        if stop is None:
            return faults
        if stop["ring"] < 2:
            faults.append(f"no ring: {stop['what']}")
        if stop["covered"]:
            faults.append(f"covered: {stop['what']}")
    return [*faults, f"more than {most} stops: a trap?"]
