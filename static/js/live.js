// Two kinds of live parts; both only hurry what the page does without a script.
// data-refresh="5" on an element with an id: fetch this page every 5 seconds and renew the element; when the new one
// no longer asks for it, the work is over and the whole page is loaded anew.
// data-preview="ADDRESS" on a form, data-preview-target="ID": after every change send the form there and renew that
// element from the answer; with data-preview-now also when the page opens. The server alone knows the rules.
(() => {
  "use strict";

  async function part(id, address, options) {
    const answer = await fetch(address, { credentials: "same-origin", ...options });
    if (!answer.ok) throw new Error(`answered ${answer.status}`);
    return new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(id);
  }

  // A live region stays in the document, so that its sentence is read aloud when it changes and only then.
  function renew(old, fresh) {
    const parts = [...fresh.children];
    [...old.children].forEach((child, index) => {
      if (!child.matches("[role=status]")) child.replaceWith(parts[index]);
      else if (child.textContent !== parts[index].textContent) child.textContent = parts[index].textContent;
    });
  }

  async function refresh(element, seconds) {
    let next = seconds;
    try {
      const fresh = document.hidden ? element : await part(element.id, location.href, {});
      if (!fresh || !fresh.dataset.refresh) return location.reload();
      if (fresh !== element) renew(element, fresh);
    } catch {
      next = Math.min(seconds * 2, 60); // the server is busy or away: ask less often
    }
    return setTimeout(() => refresh(element, next), next * 1000);
  }

  function preview(form) {
    const target = document.getElementById(form.dataset.previewTarget);
    let timer;
    let asking = new AbortController();
    const ask = () => {
      clearTimeout(timer);
      asking.abort();
      asking = new AbortController();
      const { signal } = asking;
      timer = setTimeout(async () => {
        try {
          const fresh = await part(target.id, form.dataset.preview, { method: "POST", body: new FormData(form), signal });
          if (fresh) renew(target, fresh);
        } catch {
          // The figures stay as they were; sending the form tells the truth.
        }
      }, 200);
    };
    form.addEventListener("change", ask);
    if ("previewNow" in form.dataset) ask();
  }

  document.querySelectorAll("[data-refresh]").forEach((element) => {
    const seconds = Number(element.dataset.refresh);
    setTimeout(() => refresh(element, seconds), seconds * 1000);
  });
  document.querySelectorAll("form[data-preview]").forEach(preview);
})();
