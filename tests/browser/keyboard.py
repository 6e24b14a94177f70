"""Working with the keyboard only: no pointer and no script moves the focus; every stop must be visible."""

from playwright.sync_api import Page, expect

from tests.browser.checks import STOP

MOST_STOPS = 80
# What a screen reader would call the element that has the focus; its label counts before its own text.
NAME = """() => {
  const stop = document.activeElement;
  const words = node => {
    const copy = node.cloneNode(true);
    copy.querySelectorAll("[aria-hidden=true], kbd").forEach(hidden => hidden.remove());
    return copy.textContent.replace(/\\s+/g, " ").trim();
  };
  if (stop.getAttribute("aria-label")) return stop.getAttribute("aria-label");
  return stop.labels && stop.labels.length ? words(stop.labels[0]) : words(stop);
}"""


def press_to(page: Page, name: str, *, key: str = "Tab") -> None:
    """Press Tab (or Shift+Tab) until the element whose accessible name begins with `name` has the focus."""
    passed = []
    for _stop in range(MOST_STOPS):
        page.keyboard.press(key)
        stop = page.evaluate(STOP)
        if stop is None:
            passed.append("(end of the page)")
            continue
        assert stop["ring"] >= 2, f"no ring: {stop['what']}"
        assert not stop["covered"], f"covered: {stop['what']}"
        passed.append(page.evaluate(NAME))
        if passed[-1].startswith(name):
            return
    raise AssertionError(f"no stop is called {name!r}; the keyboard came by {list(dict.fromkeys(passed))}")


def type_into(page: Page, name: str, text: str) -> None:
    """Go to a field and replace its text by `text`."""
    press_to(page, name)
    page.keyboard.press("Control+a")
    page.keyboard.type(text)


def choose(page: Page, name: str, option: str) -> None:
    """Go to a select and press the arrow down until it shows `option`."""
    press_to(page, name)
    for _step in range(MOST_STOPS):
        if page.evaluate("document.activeElement.selectedOptions[0].textContent.trim()") == option:
            return
        page.keyboard.press("ArrowDown")
    raise AssertionError(f"no choice is called {option!r}")


def activate(page: Page, name: str) -> None:
    """Go to a link or a button and use it."""
    press_to(page, name)
    go(page)


def go(page: Page) -> None:
    """Press Enter and wait for the next page."""
    with page.expect_navigation():
        page.keyboard.press("Enter")


def arrives_at(page: Page, heading: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(heading)
