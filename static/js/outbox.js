/* Sending decisions so that each is stored once, whatever the network does. */
(() => {
  "use strict";
  const { gettext, fill } = window.IVR;
  const JOURNAL = "ivr-unsent";
  const DELAYS = [1000, 2000, 4000, 8000];
  const TIMEOUT = 20000;
  const MOST_UNSENT = 3;
  const GATEWAY = new Set([429, 502, 503, 504]);

  const wait = (ms, wake) =>
    new Promise((resolve) => {
      const timer = setTimeout(resolve, ms);
      wake(() => {
        clearTimeout(timer);
        resolve();
      });
    });

  /* The journal holds ids and offsets, never a caller's words. */
  const journal = {
    read: () => JSON.parse(sessionStorage.getItem(JOURNAL) || "[]"),
    write: (entries) => sessionStorage.setItem(JOURNAL, JSON.stringify(entries)),
    put(entry) {
      this.write([...this.read().filter((one) => one.uuid !== entry.uuid), entry]);
    },
    drop(uuid) {
      this.write(this.read().filter((one) => one.uuid !== uuid));
    },
  };

  class Refusal extends Error {
    constructor(message, status) {
      super(message);
      this.status = status;
    }
  }

  /* What the server said went wrong, in its own words. */
  async function reason(response) {
    const unsaid = fill(gettext("The server answered %(status)s."), { status: response.status });
    const body = await response.text();
    if ((response.headers.get("Content-Type") || "").includes("json")) {
      const data = JSON.parse(body);
      return data.message || data.detail || data.error?.message || unsaid;
    }
    const page = new DOMParser().parseFromString(body, "text/html");
    const told = page.querySelector("[data-refusal]") || page.querySelector("main p") || page.body;
    return told.textContent.trim().replace(/\s+/g, " ").slice(0, 300) || unsaid;
  }

  /* Decisions on their way, one after the other in the order they were taken. */
  class Outbox {
    /* onState("saved" | "busy" | "unsent" | "refused", {count, seconds}); reenter() ends
       once the person is signed in with a fresh token, which csrf() then gives. person:
       whose decisions these are. */
    constructor({ onState, reenter, csrf, person }) {
      Object.assign(this, { onState, reenter, csrf, person });
      this.queue = [];
      this.wake = () => undefined;
      addEventListener("online", () => this.wake());
    }

    get count() {
      return this.queue.length;
    }

    get isBusy() {
      return this.count > 0;
    }

    get isFull() {
      return this.count >= MOST_UNSENT;
    }

    /* entry: {uuid, url, fields, note, more}; note is what the journal keeps, more()
       the fields that depend on the moment of sending. -> HTML text. */
    send(entry) {
      journal.put({ uuid: entry.uuid, url: entry.url, by: this.person, ...entry.note });
      const sent = new Promise((resolve, reject) => Object.assign(entry, { resolve, reject }));
      this.queue.push(entry);
      this.onState("busy", { count: this.count });
      // Not before the desk shows what follows: what to ask for depends on it.
      if (this.count === 1) queueMicrotask(() => this.pump());
      return sent;
    }

    /* Whether a decision could still be held back: once tried, it may have arrived. */
    cancel(uuid) {
      const entry = this.queue.find((one) => one.uuid === uuid && !one.tried);
      if (entry) this.finish(entry, this.count > 1 ? "busy" : "saved");
      return Boolean(entry);
    }

    finish(entry, state) {
      this.queue = this.queue.filter((one) => one !== entry);
      journal.drop(entry.uuid);
      this.onState(state, { count: this.count });
    }

    async pump() {
      while (this.queue.length) {
        const [entry] = this.queue;
        entry.tried = true;
        try {
          const html = await this.deliver(entry);
          this.finish(entry, this.count > 1 ? "busy" : "saved");
          entry.resolve(html);
        } catch (error) {
          this.finish(entry, "refused");
          entry.reject(error);
        }
        // Whoever waits for the answer has its turn before the next one leaves.
        await new Promise((resolve) => setTimeout(resolve));
      }
    }

    async deliver(entry) {
      let isRenewed = false;
      for (let attempt = 0; ; attempt += 1) {
        const response = await this.post(entry);
        // Whoever signed in again in another tab left this page's token behind: once.
        if (response?.status === 401 || (response?.status === 403 && !isRenewed)) {
          isRenewed = response.status === 403;
          await this.reenter();
          continue;
        }
        if (response && !GATEWAY.has(response.status)) return this.read(response);
        const delay = DELAYS[Math.min(attempt, DELAYS.length - 1)];
        this.onState("unsent", { count: this.count, seconds: delay / 1000 });
        await wait(delay, (wake) => (this.wake = wake));
      }
    }

    /* -> Response, or null when it did not get through whole. */
    async post({ url, fields, more = () => [] }) {
      try {
        const response = await fetch(url, {
          method: "POST",
          body: new URLSearchParams([...fields, ...more()]),
          headers: { "HX-Request": "true", "X-CSRFToken": this.csrf() },
          signal: AbortSignal.timeout(TIMEOUT),
        });
        // The body may break off too: read it here, so that it counts as not delivered.
        const body = await response.text();
        return new Response(body || null, { status: response.status === 204 ? 204 : response.status, headers: response.headers });
      } catch {
        return null;
      }
    }

    async read(response) {
      if (!response.ok) throw new Refusal(await reason(response), response.status);
      return response.text();
    }
  }

  Object.assign(window.IVR, { Outbox, Refusal, journal });
})();
