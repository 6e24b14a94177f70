"""The structure that a screen reader uses: headings, landmarks, tables, links, messages. Each fault names its
place."""

from playwright.sync_api import Page

from tests.browser.skeleton import ask

# Names are compared as they are spoken: without what is hidden from the accessibility tree.
FAULTS = """() => {
  const faults = [];
  const words = node => {
    const copy = node.cloneNode(true);
    copy.querySelectorAll("[aria-hidden=true]").forEach(hidden => hidden.remove());
    return copy.textContent.replace(/\\s+/g, " ").trim();
  };
  const all = selector => [...document.querySelectorAll(selector)].filter(node => node.checkVisibility());
  const named = node => node.getAttribute("aria-label") || node.getAttribute("aria-labelledby");

  let level = 0;
  for (const heading of all("h1, h2, h3, h4, h5, h6")) {
    const next = Number(heading.tagName[1]);
    if (next > level + 1 && level) faults.push(`heading jumps to ${next}: ${words(heading)}`);
    level = next;
  }
  if (all("h1").length !== 1) faults.push(`${all("h1").length} h1`);
  for (const landmark of ["main", "body > header", "body > footer"])
    if (all(landmark).length !== 1) faults.push(`${all(landmark).length} of ${landmark}`);
  const navigations = all("nav");
  if (!navigations.length) faults.push("no navigation");
  const names = navigations.map(named);
  if (new Set(names).size !== names.length) faults.push(`navigations of one name: ${names}`);

  for (const table of all("table")) {
    const caption = table.querySelector("caption");
    if (!named(table) && !(caption && words(caption))) faults.push(`nameless table: ${words(table).slice(0, 60)}`);
    if (!table.querySelector("th[scope]"))
      faults.push(`table without headers: ${words(table).slice(0, 60)}`);
  }
  const targets = {};
  for (const link of all("a[href]")) {
    const place = link.closest("nav") ? `${named(link.closest("nav"))}: ` : "";
    const name = link.getAttribute("aria-label") || words(link);
    if (!name) faults.push(`nameless link: ${link.outerHTML.slice(0, 90)}`);
    (targets[place + name] ||= new Set()).add(link.href);
  }
  for (const [name, found] of Object.entries(targets))
    if (found.size > 1) faults.push(`${found.size} targets of the link ${name}: ${[...found].slice(0, 2).join(" ")}`);

  const chinese = "[\\u3001-\\u303f\\u3400-\\u9fff\\uff01-\\uff5e]";
  const gap = new RegExp(`.{0,9}${chinese}[ \\n]+${chinese}.{0,9}`);
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const found = !texts.currentNode.parentNode.closest("pre, script, textarea") && gap.exec(texts.currentNode.data);
    if (found) faults.push(`gap within Chinese: ${found[0].replace(/\\s+/, " ")}`);
  }

  for (const message of all(".messages, [data-refresh]"))
    if (!message.matches("[role=status]") && !message.querySelector("[role=status], [role=progressbar], progress"))
      faults.push(`message that is not announced: ${words(message)}`);
  const markup = /<\\/?[a-z]/i;
  if (markup.test(document.body.innerText) || markup.test(document.title)) faults.push("markup is read out as text");
  for (const node of all("*"))
    for (const attribute of node.attributes)
      if (markup.test(attribute.value)) faults.push(`markup in ${attribute.name} of ${node.tagName}`);
  if (document.documentElement.lang !== "zh-CN") faults.push("does not say its language");
  return faults;
}"""


def structure_faults(page: Page) -> list[str]:
    """One h1, no skipped levels, landmarks, named tables with headers, one target per link name, no gap within
    Chinese, no markup in spoken texts, language."""
    return ask(page, FAULTS)
