// Two minutes before the session ends the reader is told and can go on; once it has ended, what was typed stays on the
// page until the reader has signed in again in another window. Other windows may have kept the session alive, so the
// server is asked before anything is said.
(() => {
  "use strict";
  const notice = document.getElementById("session");
  if (!notice) return;
  const [soon, over] = notice.children;
  const { address } = notice.dataset;
  const WARNING = 120;
  let timer;

  function arm(seconds) {
    clearTimeout(timer);
    timer = setTimeout(ask, Math.max(seconds, 1) * 1000);
  }

  function show(part) {
    notice.hidden = !part;
    soon.hidden = part !== soon;
    over.hidden = part !== over;
  }

  // A new sign-in changed the token that this page's forms carry.
  function renewTokens(token) {
    document.querySelectorAll("input[name=csrfmiddlewaretoken]").forEach((input) => { input.value = token; });
  }

  function react({ seconds, token }) {
    renewTokens(token);
    show(seconds > WARNING ? null : soon);
    arm(seconds > WARNING ? seconds - WARNING : seconds + 1);
  }

  async function ask(options) {
    try {
      const answer = await fetch(address, { credentials: "same-origin", redirect: "manual", ...options });
      if (answer.ok) return react(await answer.json());
      return show(over);
    } catch {
      return arm(30); // the network is away: that is not the end of the session
    }
  }

  soon.querySelector("button").addEventListener("click", () => {
    const token = document.querySelector("input[name=csrfmiddlewaretoken]").value;
    ask({ method: "POST", headers: { "X-CSRFToken": token } });
  });
  document.addEventListener("visibilitychange", () => {
    if (!document.hidden && !notice.hidden) ask();
  });
  arm(Number(notice.dataset.seconds) - WARNING);
})();
