/* After 50 minutes of work, one line that proposes a break. */
(() => {
  "use strict";
  const { make, keys, drawKeys, gettext } = window.IVR;
  const WORK = 50 * 60000;
  const REST = 10 * 60000; // so long without a key was a break
  const NUDGE = 30000;
  const WORKED = "ivr-worked"; // [since, until], for the next page of this tab
  const ACTIVITY = ["keydown", "pointerdown", "pointermove", "wheel", "touchmove"];

  /* One line after WORK without a REST; it goes by itself. */
  function nudgeBreaks() {
    const now = Date.now();
    let [since, until] = JSON.parse(sessionStorage.getItem(WORKED) || `[${now}, ${now}]`);
    const away = () => document.querySelector(".nudge")?.remove();

    function draw() {
      away();
      const close = make("button", { type: "button", class: "link" }, ...drawKeys(keys.named("nudge-away").shown), " ", gettext("Close"));
      close.addEventListener("click", away);
      document.body.append(make("p", { class: "nudge", role: "status" }, gettext("50 minutes of work: ten away from the screen would do good."), " ", close));
      setTimeout(away, NUDGE);
    }

    function work() {
      const at = Date.now();
      if (at - until > REST) since = at;
      until = at;
      if (at - since < WORK) return;
      since = at;
      draw();
    }
    for (const kind of ACTIVITY) addEventListener(kind, work, { capture: true, passive: true });
    addEventListener("pagehide", () => sessionStorage.setItem(WORKED, JSON.stringify([since, until])));
  }

  keys.add({
    id: "nudge-away", mode: "desk", group: gettext("Other ways on"), keys: ["Escape"], name: gettext("Put the reminder of a break away"),
    when: () => Boolean(document.querySelector(".nudge")), run: () => document.querySelector(".nudge").remove(),
  });

  if (keys.own.nudges) nudgeBreaks();
})();
