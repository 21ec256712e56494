/* The labeling desk: one item on the screen, its answer, and the way to the next. */
(() => {
  "use strict";
  const { make, say, keys, journal, parameterPanel, SpanEditor, Picker, Outbox, Refusal } = window.IVR;
  const $ = (id) => document.getElementById(id);
  const HEARTBEAT = 60000;
  const SETTLE = 200; // a decision faster than this was meant for the item before
  const MOST_DESCRIBED = 9;
  const LEAD = 0.15; // two suggestions nearer than this get a card to tell them apart

  const desk = $("desk");
  const slot = $("slot");
  const url = desk.dataset;
  let intents = new Map();
  let item = null;
  let lastIntent = sessionStorage.getItem("ivr-last-intent");
  let today = Number(url.today);
  let attempt = null;

  const outbox = new Outbox({ onState: showState });
  const panel = parameterPanel({ tell });
  const picker = new Picker({ onPick: (intent) => choose(intent.name) });

  /* ---- the item on the screen ---- */

  function adopt(html) {
    const page = new DOMParser().parseFromString(html, "text/html");
    const fresh = page.getElementById("item") || page.getElementById("empty");
    if (!fresh) return false;
    slot.replaceChildren(document.adoptNode(fresh));
    settle();
    return true;
  }

  function settle() {
    const form = $("item");
    keys.mode = form ? "desk" : "page";
    $("acts").hidden = !form;
    item = form ? open(form) : null;
    panel.attach(item);
    if (!item) {
      waitForWork();
      return;
    }
    const checked = form.querySelector("input[name=intent]:checked");
    show(form.dataset.intent || checked?.value || null);
    requestAnimationFrame(() => requestAnimationFrame(() => item && (item.paintedAt = performance.now())));
    loadCatalogue(form.dataset.catalogue);
  }

  function open(form) {
    const host = $("utterance").firstElementChild;
    const text = host.textContent;
    const silent = JSON.parse(form.dataset.notSpoken || "[]");
    const one = { id: form.dataset.item, form, text, intent: null, params: [], notSpoken: new Set(silent), paintedAt: Infinity };
    $("utterance").classList.toggle("long", text.length > 160);
    one.editor = new SpanEditor(host, text, {
      spans: JSON.parse(form.dataset.spans || "[]"),
      onChange: () => panel.drawParams(),
      onSelect: (range) => panel.drawMarker(range),
    });
    const find = $("find");
    find.closest(".find").hidden = false;
    picker.attach(find, $("hits"));
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit();
    });
    form.addEventListener("change", (event) => event.target.name === "intent" && show(event.target.value));
    return one;
  }

  async function loadCatalogue(version) {
    if (loadCatalogue.version === version) return;
    const response = await fetch(url.catalogue).catch(() => null);
    if (!response?.ok) {
      setTimeout(() => item && loadCatalogue(version), 2000);
      return;
    }
    const catalogue = await response.json();
    loadCatalogue.version = version;
    intents = new Map(catalogue.intents.map((intent) => [intent.name, intent]));
    picker.load(catalogue.intents);
    if (item) show(item.intent);
  }

  /* ---- the intent ---- */

  const radio = (name) => [...item.form.querySelectorAll("input[name=intent]")].find((one) => one.value === name);

  function choose(name) {
    if (!item) return;
    if (!radio(name)) addRow(name);
    radio(name).checked = true;
    show(name);
    const known = intents.get(name);
    say(`${known ? known.title : name} chosen.`);
  }

  function addRow(name) {
    item.form.querySelector(".picked")?.remove();
    const known = intents.get(name);
    const row = make("li", { class: "picked" }, make("label", {},
      make("input", { type: "radio", name: "intent", value: name, class: "sr" }),
      make("span", { "aria-hidden": "true" }, "›"),
      make("span", { class: "name" }, known?.title || name, make("small", {}, name)),
      make("span", { class: "tag" }, known?.domain || "")));
    item.form.querySelector(".choices").prepend(row);
  }

  function show(name) {
    item.intent = name;
    if (name && !radio(name)) addRow(name);
    if (name) radio(name).checked = true;
    item.known = intents.get(name);
    item.params = item.known?.parameters || [];
    item.editor.use(item.params.map((param) => param.name));
    tell(null);
    panel.drawMarker(item.editor.range);
    drawAbout();
  }

  function drawAbout() {
    const chosen = intents.get(item.intent);
    const close = contrast();
    const about = $("about");
    const list = (pairs) => make("dl", {}, ...pairs.flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, text)]));
    if (close) about.replaceChildren(make("h2", {}, "Which of the two?"), list(close.map((intent, place) => [intent.title, intent.contrasts?.[close[1 - place].name] || intent.description])));
    else if (chosen) {
      const params = item.params.filter((param) => param.description && (param.required || item.params.length <= MOST_DESCRIBED)).map((param) => [param.name, param.description]);
      about.replaceChildren(make("h2", {}, chosen.title), make("p", {}, chosen.description), list(params));
    } else about.replaceChildren();
    about.hidden = !about.childElementCount;
  }

  function contrast() {
    const [one, two] = item.form.querySelectorAll("input[data-confidence]");
    if (!two || ![one.value, two.value, null].includes(item.intent)) return null;
    if (Number(one.dataset.confidence) - Number(two.dataset.confidence) >= LEAD) return null;
    const pair = [intents.get(one.value), intents.get(two.value)];
    return pair.every(Boolean) ? pair : null;
  }

  /* ---- marking ---- */

  function startMarking() {
    $("utterance").focus({ preventScroll: true });
    item.editor.enter();
    const word = item.editor.range;
    if (word) say(`Marking. ${item.editor.text(word)}.`);
  }

  function move(step, options) {
    item.editor.move(step, options);
    say(item.editor.text(item.editor.range));
  }

  /* ---- decisions ---- */

  const isSettled = () => Boolean(item) && !outbox.isBusy && performance.now() - item.paintedAt >= SETTLE;

  function tell(message) {
    const box = $("refusal");
    if (!box) {
      window.IVR.banner(message);
      return;
    }
    box.hidden = !message;
    box.textContent = message || "";
    if (message) box.scrollIntoView({ block: "nearest" });
  }

  function submit() {
    if (!isSettled()) return;
    if (!item.intent) {
      tell("Choose an intent first: a number, 0 for none of these, or type to search.");
      return;
    }
    const open = panel.missing();
    if (open) {
      tell(`${open.name} is needed: mark it in the text and press its number, or press - if it was not spoken.`);
      if (keys.mode !== "span") startMarking();
      return;
    }
    const spans = item.editor.shown;
    const names = item.params.map((param) => param.name);
    const silent = [...item.notSpoken].filter((name) => names.includes(name));
    const body = {
      intent: item.intent,
      spans: JSON.stringify(spans.map((span) => ({ ...span, text: item.editor.text(span) }))),
      not_spoken: JSON.stringify(silent),
    };
    lastIntent = item.intent;
    sessionStorage.setItem("ivr-last-intent", lastIntent);
    decide(url.answer, body, {
      saved: 1,
      note: { intent: item.intent, spans: spans.map((span) => [span.start, span.end, span.param]), not_spoken: silent },
    });
  }

  const skip = (reason) => isSettled() && decide(url.skip, { reason }, { note: { reason } });
  const quarantine = () => isSettled() && decide(url.quarantine, {}, { note: {} });

  async function undo() {
    if (outbox.isBusy) return;
    await decide(url.undo, {}, { saved: -1, note: {} });
  }

  /* The same decision tried again keeps its id, so that it is stored once. */
  function ticket(target, body) {
    const key = JSON.stringify([target, item?.id, body]);
    if (attempt?.key !== key) attempt = { key, uuid: crypto.randomUUID() };
    return attempt.uuid;
  }

  async function decide(target, body, { saved = 0, note }) {
    const uuid = ticket(target, body);
    const shown = item ? Math.round(performance.now() - item.paintedAt) : 0;
    const fields = Object.entries({
      csrfmiddlewaretoken: url.csrf, uuid, item: item?.id ?? "", shown_ms: String(Math.max(0, shown)), ...body,
    });
    desk.setAttribute("aria-busy", "true");
    try {
      const html = await outbox.send({ uuid, url: target, fields, note: { item: item?.id, shown_ms: shown, ...note } });
      attempt = null;
      if (!adopt(html)) throw new Refusal("Your session has ended. Your answer is still here: sign in again in another tab, then press Enter.", 401);
      today = Math.max(0, today + saved);
      $("today").textContent = today;
      announce(saved < 0 ? "Taken back." : "Saved.");
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      if (error.status < 500) attempt = null;
      tell(error.message);
      // The rules may have changed under the answer: draw it by the new ones.
      if (error.status === 422 && item) {
        loadCatalogue.version = null;
        await loadCatalogue(item.form.dataset.catalogue);
        tell(error.message);
      }
      showState("refused", { count: 0 });
    } finally {
      desk.removeAttribute("aria-busy");
    }
  }

  function announce(what) {
    const notice = $("notice");
    if (item) $("utterance").focus({ preventScroll: true });
    else $("empty")?.focus({ preventScroll: true });
    say(`${what} ${notice ? notice.textContent : ""} ${item ? `Next: ${item.text}` : $("empty")?.textContent.trim() || ""}`);
    scrollTo({ top: 0 });
  }

  function askSkip() {
    const reasons = JSON.parse(url.reasons);
    const list = make("ul", { class: "reasons" }, ...reasons.map(([value, title], index) => {
      const button = make("button", { type: "button" }, make("kbd", {}, String(index + 1)), title);
      button.addEventListener("click", () => {
        dialog.close();
        skip(value);
      });
      return make("li", {}, button);
    }));
    const dialog = window.IVR.dialog("skip", "Skip this one: why?", list);
    dialog.addEventListener("keydown", (event) => {
      const digit = window.IVR.digit(event);
      if (digit && reasons[digit - 1] && !event.repeat) {
        event.preventDefault();
        dialog.close();
        skip(reasons[digit - 1][0]);
      }
    });
  }

  /* Seldom wanted, so it is fetched when it is. */
  async function proposeIntent() {
    const { propose } = await import(url.proposeScript);
    propose({ url: url.propose, csrf: url.csrf, item: item?.id, intents: [...intents.values()] });
  }
  $("propose-link")?.addEventListener("click", (event) => {
    event.preventDefault();
    proposeIntent();
  });

  /* ---- what the bar says ---- */

  function showState(state, { count, seconds }) {
    const saved = $("saved");
    saved.dataset.state = state;
    const texts = {
      saved: "✓ All saved",
      busy: "Saving…",
      unsent: `${count} not saved yet`,
      refused: "Not saved",
    };
    saved.textContent = texts[state];
    if (state === "unsent") window.IVR.banner(`The server cannot be reached. Your answer is kept here and sent again in ${seconds} s.`, "bad");
    else window.IVR.banner(null);
  }

  /* ---- holding the item ---- */

  async function beat() {
    if (!item || document.hidden || outbox.isBusy) return;
    const held = item;
    const body = new URLSearchParams({ csrfmiddlewaretoken: url.csrf, item: held.id });
    const response = await fetch(url.renew, { method: "POST", body, headers: { "X-CSRFToken": url.csrf } }).catch(() => null);
    if (!response) window.IVR.banner("The server cannot be reached. You can go on; the answer will be sent when it is back.", "bad");
    else if (!outbox.isBusy) window.IVR.banner(null);
    if (item !== held || !response) return;
    if (response.status === 409) window.IVR.banner("Your hold on this item has ended. Answer it all the same: it is kept, as a second opinion if someone was faster.");
  }
  setInterval(beat, HEARTBEAT);
  document.addEventListener("visibilitychange", () => !document.hidden && beat());

  addEventListener("pagehide", () => {
    if (!item || outbox.isBusy) return;
    navigator.sendBeacon(url.release, new URLSearchParams({ csrfmiddlewaretoken: url.csrf, item: item.id }));
  });
  addEventListener("pageshow", (event) => event.persisted && location.reload());

  function waitForWork() {
    const seconds = Number($("empty")?.dataset.poll);
    if (!seconds) return;
    setTimeout(async () => {
      if (item || !$("empty")) return;
      if (!document.hidden && !outbox.isBusy) {
        const response = await fetch(url.next, { headers: { "HX-Request": "true" } }).catch(() => null);
        if (!response) window.IVR.banner("The server cannot be reached. Trying again.", "bad");
        else if (response.ok) {
          window.IVR.banner(null);
          const before = $("empty")?.textContent;
          const html = await response.text();
          if (!item && !outbox.isBusy && adopt(html)) {
            // Whichever it was, settling has arranged for what comes next.
            if (item || $("empty").textContent !== before) announce("");
            return;
          }
        }
      }
      waitForWork();
    }, seconds * 1000);
  }

  /* What a closed or reloaded page left unsent is sent first, under its own id. */
  async function replay() {
    for (const { uuid, url: target, ...note } of journal.read()) {
      const fields = Object.entries({
        csrfmiddlewaretoken: url.csrf, uuid, stay: "1", item: note.item ?? "", shown_ms: String(note.shown_ms || 0),
        intent: note.intent || "", reason: note.reason || "",
        // Offsets only: the words were not kept. The server has them.
        spans: JSON.stringify((note.spans || []).map(([start, end, param]) => ({ start, end, param }))),
        not_spoken: JSON.stringify(note.not_spoken || []),
      });
      try {
        await outbox.send({ uuid, url: target, fields, note });
        say("An answer from before was saved.");
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        tell(error.message);
      }
    }
  }

  /* ---- the keys ---- */

  const suggestions = () => [...item.form.querySelectorAll("input[data-confidence]")];
  const onDesk = () => Boolean(item) && !outbox.isBusy;
  keys.add(
    { id: "submit", mode: "desk", group: "Answer", keys: ["Enter"], name: "Accept what is shown and go on", when: () => Boolean(item), run: submit },
    { id: "choose", mode: "desk", group: "Answer", keys: ["1–5"], name: "Choose a suggestion", when: onDesk, run: (event) => {
      const one = suggestions()[window.IVR.digit(event) - 1];
      if (one) choose(one.value);
    } },
    { id: "none", mode: "desk", group: "Answer", keys: ["0"], name: "None of these: out of scope", when: onDesk, run: () => choose(url.outOfScope) },
    { id: "find", mode: "desk", group: "Answer", keys: ["Letter"], name: "Search all intents (bil: keeps to a domain)", when: onDesk, run: (event) => picker.open(event.key) },
    { id: "again", mode: "desk", group: "Answer", keys: ["="], name: "Same intent as the item before", when: onDesk, run: () => lastIntent && choose(lastIntent) },
    { id: "mark", mode: "desk", group: "Answer", keys: ["Space"], name: "Mark a parameter", when: onDesk, run: startMarking },
    { id: "not-spoken", mode: "desk", group: "Answer", keys: ["-"], name: "The needed parameter was not spoken", when: onDesk, run: panel.notSpoken },
    { id: "skip", mode: "desk", group: "Other ways on", keys: [";"], name: "Skip, with a reason (1–6)", when: isSettled, run: askSkip },
    { id: "personal", mode: "desk", group: "Other ways on", keys: ["!"], name: "Personal data: take it out of sight", when: isSettled, run: quarantine },
    { id: "propose", mode: "page", group: "Other ways on", keys: ["Mod+i"], name: "Propose a new intent", run: proposeIntent },
    { id: "undo", mode: "page", group: "Other ways on", keys: ["Mod+z"], name: "Take back the last answer", run: undo },

    { id: "span-move", mode: "span", group: "While marking", keys: ["ArrowLeft", "ArrowRight"], repeats: true, name: "Another word", run: (event) => move(event.key === "ArrowLeft" ? -1 : 1) },
    { id: "span-extend", mode: "span", group: "While marking", keys: ["Shift+ArrowLeft", "Shift+ArrowRight"], repeats: true, name: "More or fewer words", run: (event) => move(event.key === "ArrowLeft" ? -1 : 1, { extend: true }) },
    { id: "span-fine", mode: "span", group: "While marking", keys: ["Alt+ArrowLeft", "Alt+ArrowRight"], repeats: true, name: "One character less or more", run: (event) => move(event.key === "ArrowLeft" ? -1 : 1, { byCharacter: true }) },
    { id: "span-param", mode: "span", group: "While marking", keys: ["1–9"], name: "It is this parameter", run: (event) => panel.mark(window.IVR.digit(event) - 1) },
    { id: "span-remove", mode: "span", group: "While marking", keys: ["Backspace"], name: "Remove the mark here", run: panel.erase },
    { id: "span-narrow", mode: "span", group: "While marking", keys: ["Letter"], name: "Of many parameters, those that begin so", run: (event) => panel.narrow(event.key) },
    { id: "span-silent", mode: "span", group: "While marking", keys: ["-"], name: "The needed parameter was not spoken", run: panel.notSpoken },
    { id: "span-leave", mode: "span", group: "While marking", keys: ["Escape", "Space"], name: "Done marking", run: () => item.editor.select(null) },
    { id: "span-submit", mode: "span", group: "While marking", keys: ["Enter"], name: "Accept what is shown and go on", run: submit },
  );

  for (const button of $("acts").querySelectorAll("button")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      if (item) $("utterance").focus({ preventScroll: true });
      ({ submit, mark: () => onDesk() && startMarking(), skip: () => isSettled() && askSkip(), personal: quarantine, undo })[button.dataset.does]();
    });
  }

  addEventListener("DOMContentLoaded", () => {
    settle();
    replay();
  });
})();
