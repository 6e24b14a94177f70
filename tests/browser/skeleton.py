"""The parts of a page that decide axe's result: its elements and their attributes, not its words.

A skeleton that passed is not checked again in the same run, so the suite grows with components, not with pages. With
LEVY_LONG=1 every page is checked. Style sheets and scripts do not change within a run.
"""

import os
from hashlib import sha256
from typing import Any

from playwright.sync_api import Page

LONG = bool(os.environ.get("LEVY_LONG"))
# Attributes that count with their value; of the others counts which there are, and whether they are empty.
SKELETON = """() => {
  const valued = /^(role|class|style|type|scope|lang|tabindex|autocomplete|colspan|rowspan|media|http-equiv)$/;
  const references = /^(for|aria-labelledby|aria-describedby|aria-controls|aria-owns|headers)$/;
  const spoken = /^aria-(label|description|valuetext|valuenow|valuemax|valuemin|roledescription)$/;
  const ids = {}, names = {};
  document.querySelectorAll("[id]").forEach(node => { ids[node.id] = (ids[node.id] || 0) + 1; });
  const first = (kind, name) => (names[kind + name] ||= Object.keys(names).length + 1);
  const attribute = (node, {name, value}) => {
    if (name === "id") return ids[value] > 1 ? "id twice" : "id";
    if (references.test(name)) return `${name}:${value.split(/\\s+/).map(id => ids[id] || 0)}`;
    if (name === "href" && value.startsWith("#")) return `href:#${ids[value.slice(1)] || 0}`;
    if (name === "aria-label" && node.matches("nav, section, aside, form, [role]"))
      return `aria-label:${first(node.tagName, value)}`; // landmarks of one name
    if (spoken.test(name)) return `${name}:${Boolean(value.trim())}`;
    if (valued.test(name) || name.startsWith("aria-")) return `${name}=${value}`;
    if (node === document.documentElement) return `${name}=${value}`; // theme, size, language
    return `${name}:${Boolean(value.trim())}`;
  };
  const drawn = node => {
    const shown = node.checkVisibility ? node.checkVisibility() : true;
    const marks = [...node.attributes].map(entry => attribute(node, entry)).sort();
    const parts = [];
    for (const child of node.childNodes) {
      let part = "";
      if (child.nodeType === Node.TEXT_NODE && child.textContent.trim()) part = "t";
      if (child.nodeType === Node.ELEMENT_NODE) part = drawn(child);
      if (part && !parts.includes(part)) parts.push(part); // of equal neighbours, such as rows, one stands for all
    }
    return `<${node.tagName} ${marks}${shown ? "" : " hidden"}>${parts.join("")}</>`;
  };
  const asked = ["(prefers-color-scheme: dark)", "(prefers-contrast: more)", "(forced-colors: active)"];
  return [
    innerWidth,
    ...asked.map(query => matchMedia(query).matches),
    ...document.adoptedStyleSheets.map(sheet => [...sheet.cssRules].map(rule => rule.cssText)),
    drawn(document.documentElement),
  ].join("\\n");
}"""
# Every element with words of its own, with the classes of those around it.
PAINTED = """() => {
  const named = node => node.tagName + [...node.classList].sort().map(name => "." + name).join("");
  const text = part => part.nodeType === Node.TEXT_NODE && part.textContent.trim();
  const spoken = node => [...node.childNodes].some(text);
  const found = new Set();
  for (const node of document.querySelectorAll("body *")) {
    if (!node.checkVisibility() || !(spoken(node) || node.matches("input, select, textarea"))) continue;
    const way = [];
    for (let around = node; around; around = around.parentElement) way.unshift(named(around));
    const states = ["aria-current", "aria-invalid", "aria-selected", "disabled", "type", "role"];
    const state = states.map(name => node.getAttribute(name) || "").join();
    found.add(`${way.join(" ")} ${state} ${node.getAttribute("style") || ""}`);
  }
  return [...found];
}"""


class Sound:
    """The skeletons and kinds of text that passed in this run."""

    def __init__(self) -> None:
        self._seen: set[str] = set()

    def holds(self, what: str | set[str]) -> bool:
        """True if all of it passed before. Never true in a long run."""
        return not LONG and ({what} if isinstance(what, str) else what) <= self._seen

    def add(self, what: str | set[str]) -> None:
        self._seen |= {what} if isinstance(what, str) else what


def ask(page: Page, question: str, argument: Any = None) -> Any:
    """The answer of a script on the whole page: a click returns as soon as the next document begins."""
    page.wait_for_load_state()
    return page.evaluate(question, argument)


def skeleton(page: Page) -> str:
    """A digest of everything that decides axe's result, at this width and with these preferences."""
    return sha256(ask(page, SKELETON).encode()).hexdigest()


def painted(page: Page) -> set[str]:
    """The kinds of text on a page, by all the classes that may colour it."""
    return set(ask(page, PAINTED))
