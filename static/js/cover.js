/* When nobody is at a page: a caller's words covered, the sign-in asked for again. */
(() => {
  "use strict";
  const { make, gettext, fill } = window.IVR;
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
      const button = make("button", { type: "button", class: "button go" }, gettext("Go on"));
      const [node, away] = cover("paused", gettext("Paused. Press a key to go on."), state, button);
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

  /* -> {look, reenter}: whether this page's person is signed in ("in", "out",
     "unreachable"), and what ends once they are, with a fresh token in url.csrf and in the forms.
     kept() -> what becomes meanwhile of what they entered. */
  function signingIn({ url, kept }) {
    let coming = null;
    let told = ""; // why not, in a sentence

    /* A sign-in brings a new token: every form of this page takes it on. */
    function renew(csrf) {
      url.csrf = csrf;
      for (const token of document.getElementsByName("csrfmiddlewaretoken")) token.value = csrf;
      document.body.setAttribute("hx-headers", JSON.stringify({ "X-CSRFToken": csrf }));
    }

    async function look() {
      const response = await fetch(url.session, { headers: { "HX-Request": "true" } }).catch(() => null);
      told = response ? gettext("Not signed in yet.") : gettext("The server cannot be reached.");
      if (!response) return "unreachable";
      // Signed in, but the page is not for them any more: what is sent learns why.
      if (response.status === 403) return "in";
      if (!response.ok) return "out";
      const { person, name, csrf } = await response.json();
      told = fill(gettext("%(name)s is signed in now. Answers are sent under the name of who gave them: sign in as yourself."), { name });
      if (String(person) !== url.person) return "out";
      renew(csrf);
      return "in";
    }

    async function ask() {
      if ((await look()) === "in") return;
      const state = make("p", { role: "status" });
      const link = make("a", { class: "button go", href: url.signIn, target: "_blank" }, gettext("Sign in again, in a new tab"));
      const button = make("button", { type: "button", class: "button" }, gettext("I am signed in: go on"));
      const [, away] = cover("signed-out", gettext("You are signed out"), make("p", {}, kept()), state, make("p", { class: "ways" }, link, button));
      await new Promise((resolve) => {
        const again = async () => {
          if ((await look()) !== "in") state.textContent = told;
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

    return { look, reenter: () => (coming ||= ask().finally(() => (coming = null))) };
  }

  Object.assign(window.IVR, { coverWhenIdle, signingIn });
})();
