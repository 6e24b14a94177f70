// Single keys for lists and cases: <a data-key="j"> is followed, <input data-key="/"> gets the focus.
// Not while typing, not with Ctrl, Alt or Meta, and not when the reader turned keys off (display settings).
(() => {
  "use strict";
  if (document.documentElement.dataset.keys === "off") return;

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.altKey || event.metaKey || event.isComposing || event.repeat) return;
    if (event.target.closest("input, select, textarea, [contenteditable]")) return;
    const match = [...document.querySelectorAll("[data-key]")].find((item) => item.dataset.key === event.key.toLowerCase());
    if (!match) return;
    event.preventDefault();
    if (match.matches("input, select, textarea")) match.focus();
    else match.click();
  });
})();
