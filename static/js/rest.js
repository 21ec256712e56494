/* When nobody is at the desk: its words covered, the sign-in asked for again, a break proposed. */
(() => {
  "use strict";
  const { make, keys, drawKeys } = window.IVR;
  const WORK = 50 * 60000;
  const REST = 10 * 60000; // so long without a key was a break
  const NUDGE = 30000;
  const WORKED = "ivr-worked"; // [since, until], for the next page of this tab
  const ACTIVITY = ["keydown", "pointerdown", "pointermove", "wheel", "touchmove"];
  const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock"]);

  /* Hides the page and keeps its keys from it. -> [dialog, take it away] */
  function cover(id, title, ...body) {
    const root = document.documentElement;
    const node = make("dialog", { id, class: "cover", "aria-labelledby": `${id}-title` }, make("h2", { id: `${id}-title` }, title), ...body);
    node.addEventListener("cancel", (event) => event.preventDefault());
    document.body.append(node);
    root.dataset.covered = "";
    document.getElementById("live").textContent = "";
    node.showModal();
    return [node, () => {
      delete root.dataset.covered;
      node.close();
      node.remove();
    }];
  }
  const isCovered = () => "covered" in document.documentElement.dataset;

  /* pause(ms without a key) -> what to say of the item once that is known, or nothing
     where there is none to cover; resume() before it is shown, shown() after. */
  function coverWhenIdle({ limit, pause, resume, shown }) {
    let last = Date.now();
    for (const kind of ACTIVITY) addEventListener(kind, () => (last = Date.now()), { capture: true, passive: true });

    function check() {
      const idle = Date.now() - last;
      const told = idle >= limit && !isCovered() && pause(idle);
      if (told) draw(told);
      else setTimeout(check, Math.max(1000, limit - idle));
    }

    async function draw(told) {
      const state = make("p", { role: "status" });
      const button = make("button", { type: "button", class: "button go" }, "Go on");
      const [node, away] = cover("paused", "Paused. Press a key to go on.", state, button);
      let isOver = false;
      const end = async () => {
        if (isOver) return;
        isOver = true;
        button.disabled = true;
        await resume();
        away();
        shown();
        last = Date.now();
        check();
      };
      button.addEventListener("click", end);
      // The key that wakes the desk is for nothing else.
      node.addEventListener("keydown", (event) => {
        if (event.ctrlKey || event.metaKey || event.altKey) return;
        event.preventDefault();
        event.stopPropagation();
        if (!event.repeat && !MODIFIERS.has(event.key)) end();
      });
      for await (const sentence of told) if (!isOver) state.textContent = sentence;
    }
    setTimeout(check, limit);
  }

  /* -> reenter(), which ends once this page's person is signed in again, with a fresh
     token in url.csrf. count() answers wait on the page meanwhile. */
  function signingIn({ url, count }) {
    let coming = null;

    /* "in", or in a sentence why not */
    async function look() {
      const response = await fetch(url.session, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (!response) return "The server cannot be reached.";
      // Signed in, but the desk is not for them any more: what is sent learns why.
      if (response.status === 403) return "in";
      if (!response.ok) return "Not signed in yet.";
      const { person, name, csrf } = await response.json();
      if (String(person) !== url.person) return `${name} is signed in now. Answers are sent under the name of who gave them: sign in as yourself.`;
      url.csrf = csrf;
      return "in";
    }

    async function ask() {
      if ((await look()) === "in") return;
      const n = count();
      const kept = n ? `${n === 1 ? "One answer is" : `${n} answers are`} kept on this page and sent when you are back.` : "Everything you answered is saved.";
      const state = make("p", { role: "status" });
      const link = make("a", { class: "button go", href: url.signIn, target: "_blank" }, "Sign in again, in a new tab");
      const button = make("button", { type: "button", class: "button" }, "I am signed in: go on");
      const [, away] = cover("signed-out", "You are signed out", make("p", {}, `${kept} What you had begun on this item stays as it is.`), state, make("p", { class: "ways" }, link, button));
      await new Promise((resolve) => {
        const again = async () => {
          const found = await look();
          if (found !== "in") state.textContent = found;
          else {
            removeEventListener("focus", again);
            away();
            resolve();
          }
        };
        button.addEventListener("click", again);
        addEventListener("focus", again);
      });
    }

    return () => (coming ||= ask().finally(() => (coming = null)));
  }

  /* One line after WORK without a REST; it goes by itself. */
  function nudgeBreaks() {
    const now = Date.now();
    let [since, until] = JSON.parse(sessionStorage.getItem(WORKED) || `[${now}, ${now}]`);
    const away = () => document.querySelector(".nudge")?.remove();

    function draw() {
      away();
      const close = make("button", { type: "button", class: "link" }, ...drawKeys(keys.named("nudge-away").keys), " Close");
      close.addEventListener("click", away);
      document.body.append(make("p", { class: "nudge", role: "status" }, "50 minutes of work: ten away from the screen would do good. ", close));
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
    id: "nudge-away", mode: "desk", group: "Other ways on", keys: ["Escape"], name: "Put the reminder of a break away",
    when: () => Boolean(document.querySelector(".nudge")), run: () => document.querySelector(".nudge").remove(),
  });

  Object.assign(window.IVR, { coverWhenIdle, signingIn, nudgeBreaks });
})();
