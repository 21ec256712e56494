/* Items are held while somebody is at the page: renewed by the minute, given back when it
   closes. Where nobody is there they are renewed once more, and then run out. */
(() => {
  "use strict";
  const { banner, gettext, ngettext, fill } = window.IVR;
  const HEARTBEAT = 60000;

  /* url: {renew, release, csrf}; held() -> the ids; kept() -> those that the next page
     holds; onLost(id) follows for each that is no longer ours. words: what to say, `over`
     of how many and since when. */
  function leases({ url, held, kept = () => [], onLost, isBusy = () => false, reenter, words }) {
    let isPaused = false;

    function renew(id) {
      const body = new URLSearchParams({ item: id });
      return fetch(url.renew, { method: "POST", body, headers: { "HX-Request": "true", "X-CSRFToken": url.csrf } }).catch(() => null);
    }

    async function renewAll() {
      for (const id of held()) {
        let response = await renew(id);
        if (response?.status === 401 || response?.status === 403) {
          await reenter();
          response = await renew(id);
        }
        if (!response) {
          banner(words.unreachable, "bad");
          return;
        }
        if (!isBusy()) banner(null);
        if (response.status === 409) await onLost(id);
      }
    }
    const beat = () => !document.hidden && !isBusy() && !isPaused && renewAll();
    setInterval(beat, HEARTBEAT);
    document.addEventListener("visibilitychange", () => !document.hidden && beat());

    addEventListener("pagehide", () => {
      const given = held().filter((id) => !kept().includes(id));
      if (!given.length) return;
      const fields = [["csrfmiddlewaretoken", url.csrf], ...given.map((id) => ["item", id])];
      navigator.sendBeacon(url.release, new URLSearchParams(fields));
    });

    /* -> sentences on how these stand, as it changes */
    async function* standing(ids) {
      const responses = await Promise.all(ids.map(renew));
      if (responses.includes(null)) yield words.unsure;
      else if (responses.every(({ ok }) => ok)) {
        const ends = await Promise.all(responses.map((response) => response.text()));
        yield* untilOver(ids.length, new Date(Math.min(...ends.map((end) => new Date(end)))));
      } else if (responses.some(({ status }) => status === 409)) yield words.gone;
      else yield gettext("You are signed out by now.");
    }

    async function* untilOver(n, until) {
      const time = until.toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" });
      yield fill(ngettext("The item is yours until %(time)s.", "These %(n)s items are yours until %(time)s.", n), { n, time });
      await new Promise((resolve) => setTimeout(resolve, until - Date.now()));
      yield words.over(n, time);
    }

    return {
      pause(ids) {
        isPaused = true;
        return standing(ids);
      },
      async resume() {
        await renewAll();
        isPaused = false;
      },
      get isPaused() {
        return isPaused;
      },
    };
  }

  Object.assign(window.IVR, { leases });
})();
