/* After a click, once for each command: the key that would have done it. */
(() => {
  "use strict";
  const { keys, make, drawKeys, gettext, weave } = window.IVR;
  const SEEN = "ivr-coached"; // ids of commands
  const SHOWN_MS = 8000;
  const PLACES = [
    [".acts [data-does]", (node) => node.closest("[data-does]").dataset.does],
    [".choices .none label", () => "none"],
    [".choices label", () => "choose"],
    ["#find", () => "find"],
    ["#utterance .w", () => "mark"],
  ];

  function coach() {
    const seen = () => JSON.parse(sessionStorage.getItem(SEEN) || "[]");
    document.addEventListener("click", (event) => {
      // A click that a key made has no detail.
      const place = event.detail && event.target.closest && PLACES.find(([where]) => event.target.closest(where));
      const command = place ? keys.named(place[1](event.target)) : null;
      if (!command?.shown.length || seen().includes(command.id)) return;
      sessionStorage.setItem(SEEN, JSON.stringify([...seen(), command.id]));
      const told = make("p", { class: "coach", role: "status" },
        ...weave(gettext("Shorter: %(keys)s %(command)s"), { keys: drawKeys(command.shown), command: command.name }));
      document.querySelector(".coach")?.remove();
      document.body.append(told);
      setTimeout(() => told.remove(), SHOWN_MS);
    });
  }

  Object.assign(window.IVR, { coach });
})();
