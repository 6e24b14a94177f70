"""What every page must stand, in a real browser: axe, narrow screens, the keyboard. Each returns what is wrong."""

from typing import Any

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import ConsoleMessage, Page, Request

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
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
    """A list that fills with what the browser complains of (the content policy, say) and with addresses elsewhere."""
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


def axe_faults(page: Page, result: str = "violations") -> list[str]:
    """Rule and place of every violation (or of every "incomplete", what axe could not decide)."""
    options: dict[str, Any] = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": [result]}
    found = Axe().run(page, options=options).response[result]
    return [f"{rule['id']}: {node['target']} {node['html'][:90]}" for rule in found for node in rule["nodes"]]


# What axe cannot decide by itself, each looked at: (rule, its reason) and why it is no fault.
DECIDED = {
    (
        "color-contrast",
        "imgNode",
    ): "words of a chart: --ink or --ink-2 on --page, 16:1 and 8:1, edged with --page",
    ("color-contrast", "nonBmp"): "the arrow of a sorted column, hidden from readers, in the colour of its heading",
}


def undecided(page: Page) -> list[str]:
    """What axe could neither pass nor fail and nobody has looked at yet."""
    options: dict[str, Any] = {"runOnly": {"type": "tag", "values": RULES}, "resultTypes": ["incomplete"]}
    found = Axe().run(page, options=options).response["incomplete"]
    kinds = [(rule["id"], _reason(node), node["html"][:90]) for rule in found for node in rule["nodes"]]
    return [f"{rule} ({why}): {html}" for rule, why, html in kinds if (rule, why) not in DECIDED]


def _reason(node: dict[str, Any]) -> str:
    data = [check.get("data") for check in [*node["any"], *node["all"], *node["none"]]]
    return ",".join(sorted({entry.get("messageKey") or "" for entry in data if isinstance(entry, dict)}))


def sideways_scroll(page: Page) -> int:
    """Pixels by which the page is wider than the window; tables scroll inside regions of their own."""
    return page.evaluate("document.documentElement.scrollWidth - innerWidth")


def keyboard_faults(page: Page, most: int = 150) -> list[str]:
    """Walk through every Tab stop from the top: each shows a ring of 2 px or more and is not covered."""
    page.evaluate("document.activeElement && document.activeElement.blur(); scrollTo(0, 0)")
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
