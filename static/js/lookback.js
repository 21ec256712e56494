/* Leafing through one's own last answers, over the item that waits on the desk. */
(() => {
  "use strict";
  const { keys, say, gettext } = window.IVR;
  const $ = (id) => document.getElementById(id);

  /* correct(answer id, kind) opens the answer again. */
  function lookBack({ url, correct }) {
    const slot = $("slot");
    let waiting = null; // what the desk showed
    let at = 0;

    async function leaf(step) {
      const wanted = at + step;
      if (wanted < 1) return leave();
      const response = await fetch(`${url.history}?back=${wanted}`, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (response?.status !== 200) return say(response?.status === 204 ? gettext("There is no answer before this one.") : gettext("Your answers cannot be fetched now."));
      const page = new DOMParser().parseFromString(await response.text(), "text/html");
      const entry = page.getElementById("entry");
      if (!entry) return leave();
      waiting ||= slot.firstElementChild;
      at = wanted;
      slot.replaceChildren(document.adoptNode(entry));
      for (const button of entry.querySelectorAll("[data-way]"))
        button.addEventListener("click", () => ({ back: () => leaf(1), forward: () => leaf(-1), correct: again, leave })[button.dataset.way]());
      keys.mode = "history";
      $("acts").hidden = true;
      entry.focus({ preventScroll: true });
      return say(entry.textContent.trim().replace(/\s+/g, " "));
    }

    function leave() {
      if (!waiting) return;
      slot.replaceChildren(waiting);
      reset();
      keys.mode = $("item") ? "desk" : "page";
      $("acts").hidden = !$("item");
      $("utterance")?.focus({ preventScroll: true });
    }

    function reset() {
      waiting = null;
      at = 0;
    }

    function again() {
      const entry = $("entry");
      if (!entry) return;
      const { answer, kind } = entry.dataset;
      leave();
      correct(answer, kind);
    }

    return { back: () => leaf(1), forward: () => leaf(-1), leave, again, reset };
  }

  Object.assign(window.IVR, { lookBack });
})();
