// Single keys for lists and cases: <a data-key="j"> is followed, <input data-key="/"> gets the focus. In a list whose
// rows have <a data-row>, J and K move the focus from row to row instead.
// Not while typing, not with Ctrl, Alt or Meta, and not when the reader turned keys off (display settings).
(() => {
  "use strict";
  if (document.documentElement.dataset.keys === "off") return;

  function stepInList(key) {
    const rows = [...document.querySelectorAll("[data-row]")];
    const step = { j: 1, k: -1 }[key];
    if (!step || !rows.length) return null;
    const now = rows.indexOf(document.activeElement);
    return now < 0 ? rows[0] : rows[Math.min(Math.max(now + step, 0), rows.length - 1)];
  }

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    const key = event.key.toLowerCase();
    const match = stepInList(key) || [...document.querySelectorAll("[data-key]")].find((item) => item.dataset.key === key);
    if (!match) return;
    event.preventDefault();
    if (match.matches("input, select, textarea, [data-row]")) match.focus();
    else match.click();
  });
})();
