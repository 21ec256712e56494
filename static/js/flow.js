/* Which item is on the desk, which wait behind it, and what becomes of decisions. */
(() => {
  "use strict";
  const { make, say, keys, journal, leases, Outbox, Refusal, signingIn, watchPaint, isSettled, lookAway, millisecondsSeen, gettext, ngettext, fill } = window.IVR;
  const $ = (id) => document.getElementById(id);
  const PATIENCE = 300; // only a longer wait is worth drawing
  const DEPTH = 50;
  const MOST_AHEAD = 6; // answers taken back pile up behind the item; no more leases than this
  const TAKEN_FROM_US = new Set([404, 409]);

  /* open(form) makes an item of a form that is shown for the first time; onShown(item)
     follows whenever another one is on the desk, onRefused(error) a refusal. */
  function flow({ open, onShown, onRefused, tell }) {
    const desk = $("desk");
    const slot = $("slot");
    const url = desk.dataset;
    const { reenter } = signingIn({ url, kept });
    const outbox = new Outbox({ onState: showState, reenter, csrf: () => url.csrf, person: url.person });
    const opened = new WeakMap();
    let ahead = [...document.querySelectorAll("template#ahead")].map((one) => one.content.querySelector("#item"));
    let decided = []; // {form, uuid, saved}, newest last
    let item = null;
    let today = Number(url.today);

    function kept() {
      const n = outbox.count;
      if (!n) return gettext("Everything you answered is saved. What you had begun on this item stays as it is.");
      return fill(ngettext(
        "One answer is kept on this page and sent when you are back. What you had begun on this item stays as it is.",
        "%(n)s answers are kept on this page and sent when you are back. What you had begun on this item stays as it is.", n), { n });
    }

    /* ---- what is on the desk ---- */

    function put(node) {
      if (node.parentNode !== slot) slot.replaceChildren(node);
      slot.removeAttribute("aria-busy");
      desk.removeAttribute("aria-busy");
      const isItem = node.id === "item";
      keys.mode = isItem ? "desk" : "page";
      $("acts").hidden = !isItem;
      item = null;
      if (isItem) {
        item = opened.get(node) || open(node);
        opened.set(node, item);
        item.seenBefore = 0;
        watchPaint(item);
      }
      onShown(item);
      if (!isItem) waitForWork();
    }

    /* The next item at once; where none is here yet, the response will bring it. */
    function advance(what) {
      const next = ahead.shift();
      if (next) {
        put(next);
        announce(what);
        return;
      }
      item = null;
      keys.mode = "page";
      $("acts").hidden = true;
      onShown(null);
      desk.setAttribute("aria-busy", "true");
      const gone = slot.firstElementChild;
      setTimeout(() => !item && slot.firstElementChild === gone && gone?.id === "item" && slot.replaceChildren(skeleton()), PATIENCE);
    }

    function skeleton() {
      const lines = ["", "wide", "wide", "", ""].map((size) => make("span", { class: `bone ${size}` }));
      return make("div", { class: "skeleton", role: "status" }, make("p", { id: "waiting" }, gettext("The next item is on its way.")), ...lines);
    }

    function announce(what) {
      const place = item ? $("utterance") : $("empty");
      place?.focus({ preventScroll: true });
      say(`${what} ${item ? fill(gettext("Next: %(text)s"), item) : place?.textContent.trim() || ""}`);
      scrollTo({ top: 0 });
    }

    /* What a response brought: something to show where nothing is, the rest for later. */
    function receive(html) {
      const page = new DOMParser().parseFromString(html, "text/html");
      const shown = page.querySelector("#item, #empty");
      const later = [...page.querySelectorAll("template")].map((one) => one.content.querySelector("#item"));
      const notice = page.getElementById("notice");
      if (notice) showNotice(notice);
      const fresh = [shown, ...later].filter(Boolean).map((form) => document.adoptNode(form));
      if (!item && fresh.length) {
        put(fresh.shift());
        announce("");
      }
      ahead.push(...fresh.filter((form) => form.id === "item"));
      if (!item && !$("empty") && !outbox.isBusy) fetchNext();
    }

    function showNotice(notice) {
      const box = make("p", { class: "note" }, notice.textContent, " ");
      const { kind, answer } = notice.dataset;
      const close = make("button", { type: "button", class: "link" }, gettext("Close"));
      close.addEventListener("click", () => box.remove());
      if (kind === "late") {
        const discard = make("button", { type: "button", class: "link" }, gettext("Discard mine"));
        discard.addEventListener("click", () => {
          box.remove();
          decided = decided.filter((one) => one.uuid !== answer);
          withdraw({ answer, stay: "1" }).then(() => say(gettext("Yours is discarded.")), complain);
        });
        box.append(discard, " ");
      }
      box.append(close);
      $("notices").replaceChildren(box);
      say(notice.textContent);
    }

    /* ---- decisions ---- */

    /* What the desk lacks at the moment of sending. */
    const need = () => [!item ? ["need", "both"] : ahead.length ? ["stay", "1"] : ["need", "ahead"]];

    /* The same decision tried again keeps its id, so that it is stored once. */
    function ticket(one, target, body) {
      const key = JSON.stringify([target, one.id, body]);
      if (one.attempt?.key !== key) one.attempt = { key, uuid: crypto.randomUUID() };
      return one.attempt.uuid;
    }

    function decide(target, body, { saved = 0, note = {} } = {}) {
      if (outbox.isFull) {
        tell(fill(gettext("%(n)s answers wait to be sent. Go on when the server can be reached again; nothing is lost."), { n: outbox.count }));
        return;
      }
      const { form, id } = item;
      const uuid = ticket(item, target, body);
      item.isTouched = true;
      const shown = millisecondsSeen(item);
      decided = [...decided, { form, uuid, saved }].slice(-DEPTH);
      count(saved);
      $("notices").replaceChildren();
      const sent = outbox.send({
        uuid, url: target, more: need, note: { item: id, shown_ms: shown, ...note },
        fields: Object.entries({ uuid, item: id, shown_ms: String(shown), ...body }),
      });
      advance(gettext("Sent."));
      sent.then(receive).catch((error) => bringBack(form, uuid, error));
    }

    /* A refused answer is on the desk again as it was given, with the reason. */
    function bringBack(form, uuid, error) {
      complain(error);
      const undone = decided.find((one) => one.uuid === uuid);
      decided = decided.filter((one) => one !== undone);
      if (undone) count(-undone.saved);
      const one = opened.get(form);
      if (error.status < 500) one.attempt = null;
      lift(form);
      tell(error.message, TAKEN_FROM_US.has(error.status) ? [[gettext("Discard my answer and go on"), () => drop(form)]] : []);
      onRefused(error);
    }

    function complain(error) {
      if (!(error instanceof Refusal)) throw error;
      showState("refused", { count: outbox.count });
      tell(error.message);
    }

    /* On top of what is there, which waits behind it as it is. */
    function lift(form) {
      if (item?.form === form) return;
      ahead = ahead.filter((one) => one !== form);
      if (item) ahead.unshift(item.form);
      put(form);
      item.byItself = true;
    }

    async function drop(form) {
      ahead = ahead.filter((one) => one !== form);
      if (item?.form !== form) return;
      if (ahead.length) advance(gettext("Discarded."));
      else await fetchNext();
    }

    function count(change) {
      today = Math.max(0, today + change);
      $("today").textContent = today;
    }

    /* ---- undo ---- */

    function undo() {
      const last = decided.pop();
      if (!last) {
        withdraw({}).then((html) => receiveUndone(html, null)).catch(complain);
        return;
      }
      count(-last.saved);
      lift(last.form);
      announce(gettext("Taken back."));
      opened.get(last.form).attempt = null;
      if (outbox.cancel(last.uuid)) return;
      withdraw({ answer: last.uuid, item: surplus() })
        .then((html) => receiveUndone(html, last.form))
        .catch((error) => {
          complain(error);
          drop(last.form);
        });
    }

    /* -> the response to an undo, sent after all that was decided before. */
    function withdraw(fields) {
      const uuid = crypto.randomUUID();
      return outbox.send({ uuid, url: url.undo, fields: Object.entries({ uuid, need: "ahead", ...fields }), note: { answer: fields.answer } });
    }

    function surplus() {
      return ahead.length > MOST_AHEAD ? ahead.pop().dataset.item : "";
    }

    /* The server leased the item again, or says that somebody else has it. */
    function receiveUndone(html, form) {
      const page = new DOMParser().parseFromString(html, "text/html");
      const back = page.getElementById("item");
      if (!back || page.getElementById("notice")) {
        if (form) drop(form);
        receive(html);
      } else if (form) opened.get(form).id = form.dataset.item = back.dataset.item;
      else {
        lift(document.adoptNode(back));
        count(-1);
        announce(gettext("Taken back."));
      }
    }

    /* ---- what the bar says ---- */

    function showState(state, { count: unsent, seconds }) {
      const saved = $("saved");
      saved.dataset.state = state;
      const texts = {
        saved: gettext("✓ All saved"),
        busy: unsent > 1 ? fill(gettext("Saving %(n)s…"), { n: unsent }) : gettext("Saving…"),
        unsent: fill(gettext("%(n)s not saved yet"), { n: unsent }),
        refused: gettext("Not saved"),
      };
      saved.textContent = texts[state];
      if (state === "unsent") {
        window.IVR.banner(fill(ngettext(
          "The server cannot be reached. Your answer is kept here and sent again in %(seconds)s s.",
          "The server cannot be reached. Your answers are kept here and sent again in %(seconds)s s.", unsent), { seconds }), "bad");
        if ($("waiting")) $("waiting").textContent = gettext("The next item comes when the server can be reached again.");
      } else window.IVR.banner(null);
    }

    /* ---- holding the items ---- */

    // A correction is held by nobody: its answer stands until there is another.
    const heldOf = (forms) => forms.filter((form) => !form.dataset.revises).map((form) => form.dataset.item);

    const holds = leases({
      url, reenter,
      held: () => heldOf([...(item ? [item.form] : []), ...ahead]),
      kept: () => (desk.dataset.kept || "").split(" "),
      isBusy: () => outbox.isBusy,
      onLost: lose,
      words: {
        unreachable: gettext("The server cannot be reached. You can go on; the answer will be sent when it is back."),
        unsure: gettext("The server cannot be reached; whether the item is still yours shows when you go on."),
        gone: gettext("The item went back to the others. The next one comes when you go on."),
        over: (_, time) => fill(gettext("The item was yours until %(time)s. If somebody else has it now, the next one comes when you go on."), { time }),
      },
    });

    async function lose(id) {
      const isLost = (form) => form.dataset.item === id;
      if (!item || !isLost(item.form)) ahead = ahead.filter((form) => !isLost(form) || opened.has(form));
      else if (holds.isPaused && !item.isTouched) await replaceLost();
      else window.IVR.banner(gettext("Your hold on this item has ended. Answer it all the same: it is kept, as a second opinion if someone was faster."));
    }

    /* An item nobody began on: the next one instead of it. */
    async function replaceLost() {
      await drop(item.form);
      window.IVR.banner(gettext("The item before went back to the others while you were away. This is the next one."));
    }

    /* -> sentences on how the item stands */
    function pause(idle) {
      if (!item) return null;
      lookAway(item, idle);
      const ids = heldOf([item.form]);
      const sentences = holds.pause(ids);
      return ids.length ? sentences : [gettext("Your earlier answer stands until you have corrected it.")];
    }

    const resumed = () => item && watchPaint(item);

    addEventListener("pageshow", (event) => event.persisted && location.reload());

    /* -> whether the server could be asked */
    async function fetchNext() {
      const response = await fetch(url.next, { headers: { "HX-Request": "true" } }).catch(() => null);
      if (!response) window.IVR.banner(gettext("The server cannot be reached. Trying again."), "bad");
      if (response?.status === 401) {
        await reenter();
        return fetchNext();
      }
      if (!response?.ok) return false;
      window.IVR.banner(null);
      const html = await response.text();
      if (!outbox.isBusy) {
        item = null;
        receive(html);
      }
      return true;
    }

    function waitForWork() {
      const empty = $("empty");
      const seconds = Number(empty?.dataset.poll);
      if (!seconds) return;
      setTimeout(async () => {
        if (item || $("empty") !== empty) return;
        const asked = !document.hidden && !outbox.isBusy && (await fetchNext());
        // What came has arranged for what follows it.
        if (!asked) waitForWork();
      }, seconds * 1000);
    }

    /* What a closed or reloaded page left unsent is sent first, under its own id. */
    async function replay() {
      for (const { uuid, url: target, by = url.person, ...note } of journal.read()) {
        if (by !== url.person) continue; // somebody else's, of a sign-in before this one
        const fields = Object.entries({
          uuid, stay: "1", item: note.item ?? "", shown_ms: String(note.shown_ms || 0),
          revises: note.revises || "", intent: note.intent || "", reason: note.reason || "", answer: note.answer || "",
          // Offsets only: the words were not kept. The server has them.
          spans: JSON.stringify((note.spans || []).map(([start, end, param, turn, value]) => ({ start, end, param, ...(turn == null ? {} : { turn }), ...(value ? { value } : {}) }))),
          recalled: "1", act: note.act || "", misheard: note.misheard || "",
          not_spoken: JSON.stringify(note.not_spoken || []),
        });
        try {
          await outbox.send({ uuid, url: target, fields, note });
          say(gettext("An answer from before was saved."));
        } catch (error) {
          complain(error);
        }
      }
    }

    /* An earlier answer opened again: a label to be replaced, anything else taken back. */
    async function correct(answer, kind) {
      if (kind !== "label") {
        decided = decided.filter((one) => one.uuid !== answer);
        withdraw({ answer }).then((html) => receiveUndone(html, null)).catch(complain);
        return;
      }
      const response = await fetch(`${url.page}?correct=${answer}`, { headers: { "HX-Request": "true" } }).catch(() => null);
      const page = new DOMParser().parseFromString((await response?.text()) || "", "text/html");
      const form = response?.ok && page.getElementById("item");
      if (!form) {
        tell(page.querySelector("[data-refusal]")?.textContent.trim() || gettext("This answer cannot be opened now."));
        return;
      }
      form.dataset.revises = answer;
      lift(document.adoptNode(form));
      announce(gettext("To be corrected."));
    }

    function begin() {
      put(slot.querySelector("#item, #empty"));
      replay();
    }

    return {
      get item() {
        return item;
      },
      // A refused item came up by itself: the key was meant for the one before.
      isReady: () => Boolean(item) && (!item.byItself || isSettled(item)),
      isSettled: (event) => isSettled(item, event),
      begin, correct, decide, undo, pause, resume: holds.resume, resumed, url,
    };
  }

  Object.assign(window.IVR, { flow });
})();
