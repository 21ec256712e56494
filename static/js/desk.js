/* The labeling desk: one item on the screen, its answer, and the way to the next. */
(() => {
  "use strict";
  const { make, say, keys, parameterPanel, turnActs, Marks, Picker, answering, obstacle, flow, gettext, fill } = window.IVR;
  const $ = (id) => document.getElementById(id);
  const MOST_DESCRIBED = 9;
  const LEAD = 0.15; // two suggestions nearer than this get a card to tell them apart

  const url = $("desk").dataset;
  let intents = new Map();
  let item = null;
  const wishes = keys.own;
  const last = window.IVR.lastAnswer();

  const panel = parameterPanel({ tell, url: url.value, csrf: () => url.csrf });
  const acts = turnActs();
  const picker = new Picker({ onPick: (intent) => choose(intent.name), none: "none" });
  const lookback = window.IVR.lookBack({ url, correct: (answer, kind) => desk.correct(answer, kind) });
  const desk = flow({ open, onShown: settle, onRefused: redraw, tell });

  /* ---- the item on the screen ---- */

  function settle(shown) {
    lookback.reset();
    item = shown;
    if (item) keys.draw(item.form);
    panel.attach(item);
    acts.attach(item);
    if (!item) return;
    const find = $("find");
    find.closest(".find").hidden = false;
    const key = keys.told("find");
    if (key !== "a–z") find.placeholder = findLine(find.dataset.blind === "1", key);
    picker.attach(find, $("hits"));
    const checked = item.form.querySelector("input[name=intent]:checked");
    show(item.intent || item.form.dataset.intent || checked?.value || null);
    loadCatalogue(item.form.dataset.catalogue);
  }

  function findLine(isBlind, key) {
    if (isBlind) return key ? fill(gettext("No suggestions for this one: search all intents (%(key)s)"), { key }) : gettext("No suggestions for this one: search all intents");
    return key ? fill(gettext("Search all intents (%(key)s)"), { key }) : gettext("Search all intents");
  }

  /* The rules may have changed under the answer: draw it by the new ones. */
  async function redraw({ status, message }) {
    if (status !== 422 || !item) return;
    loadCatalogue.version = null;
    await loadCatalogue(item.form.dataset.catalogue);
    tell(message);
  }

  function open(form) {
    const text = $("utterance").firstElementChild.textContent;
    const silent = JSON.parse(form.dataset.notSpoken || "[]");
    const one = { id: form.dataset.item, form, text, intent: null, params: [], notSpoken: new Set(silent) };
    $("utterance").classList.toggle("long", text.length > 160);
    one.editor = new Marks(form, {
      spans: JSON.parse(form.dataset.spans || "[]"),
      onChange: () => {
        one.isTouched = true;
        panel.drawParams();
      },
      onSelect: (range) => panel.drawMarker(range),
    });
    form.addEventListener("submit", (event) => {
      event.preventDefault();
      submit(event);
    });
    form.addEventListener("change", (event) => {
      one.isTouched = true;
      if (event.target.name === "intent") show(event.target.value);
    });
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
    item.isTouched = true;
    if (!radio(name)) addRow(name);
    radio(name).checked = true;
    show(name);
    const known = intents.get(name);
    say(fill(gettext("%(intent)s chosen."), { intent: known ? known.title : name }));
  }

  function addRow(name) {
    item.form.querySelector(".picked")?.remove();
    const known = intents.get(name);
    const row = make("li", { class: "picked" }, make("label", {},
      make("input", { type: "radio", name: "intent", value: name, class: "sr" }),
      make("span", { "aria-hidden": "true" }, "›"),
      make("span", { class: "name" }, known?.title || name, make("small", {}, name)),
      make("span", { class: "tag" }, known ? window.IVR.domainTitle(known) : "")));
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
    acts.draw();
    drawAbout();
  }

  function drawAbout() {
    const chosen = intents.get(item.intent);
    const close = contrast();
    const about = $("about");
    const list = (pairs) => make("dl", {}, ...pairs.flatMap(([term, text]) => [make("dt", {}, term), make("dd", {}, text)]));
    if (close) about.replaceChildren(make("h2", {}, gettext("Which of the two?")), list(close.map((intent, place) => [intent.title, intent.contrasts?.[close[1 - place].name] || intent.description])));
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

  /* ---- decisions ---- */

  /* ways: [[what the button says, run]] */
  function tell(message, ways = []) {
    const box = $("refusal");
    if (!box) {
      window.IVR.banner(message);
      return;
    }
    box.hidden = !message;
    box.textContent = message || "";
    for (const [name, run] of ways) {
      const button = make("button", { type: "button", class: "link" }, name);
      button.addEventListener("click", run);
      box.append(" ", button);
    }
    if (message) box.scrollIntoView({ block: "nearest" });
  }

  function submit(event) {
    if (!desk.isSettled(event)) return;
    if (!item.intent) {
      const ways = keys.hint([...(suggestions().length ? [["choose", gettext("%(key)s for a suggestion")]] : []), ["none", gettext("%(key)s for none of these")], ["find", gettext("%(key)s to search")]]);
      tell(ways ? fill(gettext("Choose an intent first: %(ways)s."), { ways }) : gettext("Choose an intent first."));
      return;
    }
    const open = obstacle(panel, said.startMarking);
    if (open) {
      tell(open.message);
      open.mend();
      return;
    }
    const names = item.params.map((param) => param.name);
    const silent = [...item.notSpoken].filter((name) => names.includes(name));
    const body = {
      intent: item.intent,
      spans: JSON.stringify(panel.marks()),
      not_spoken: JSON.stringify(silent),
      ...acts.answer,
    };
    const { revises } = item.form.dataset;
    if (revises) body.revises = revises;
    last.keep(item, item.editor.shown.filter((span) => span.turn == null), silent);
    desk.decide(url.answer, body, {
      saved: 1,
      note: { intent: item.intent, spans: panel.traces(), not_spoken: silent, revises, ...acts.answer },
    });
  }

  const skip = (reason) => item && desk.decide(url.skip, { reason }, { note: { reason } });

  /* What is selected is where it stands; nothing need be. */
  function quarantine(event) {
    if (!desk.isSettled(event)) return;
    const range = item.editor.range;
    desk.decide(url.quarantine, range && range.turn === null ? { start: range.start, end: range.end } : {});
  }

  /* Most people never ask: the dialog is fetched when somebody does. */
  async function ask() {
    const about = item.id;
    await import(url.askScript);
    window.IVR.ask({ item: about, url: url.ask, csrf: url.csrf });
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
    const dialog = window.IVR.dialog("skip", gettext("Skip this one: why?"), list);
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
    propose({ url: url.propose, csrf: url.csrf, item: item?.id, intents: [...intents.values()], catalogue: url.catalogue });
  }
  $("propose-link")?.addEventListener("click", (event) => {
    event.preventDefault();
    proposeIntent();
  });

  /* ---- the keys ---- */

  const suggestions = () => [...item.form.querySelectorAll("input[data-confidence]")];
  const onDesk = desk.isReady;
  const said = answering({
    mode: "desk", group: gettext("Answer"), submitName: gettext("Accept what is shown and go on"), outOfScope: url.outOfScope,
    item: () => item, when: onDesk, panel, acts, picker, choose, submit,
  });
  keys.add(
    { id: "submit", mode: "desk", group: gettext("Answer"), keys: ["Enter"], name: gettext("Accept what is shown and go on"), when: () => Boolean(item), run: submit },
    { id: "choose", mode: "desk", group: gettext("Answer"), keys: ["1–5"], name: gettext("Choose a suggestion"), when: onDesk, run: (event) => {
      const one = suggestions()[window.IVR.digit(event) - 1];
      if (!one) return;
      choose(one.value);
      if (wishes.digitSubmits) submit(event);
    } },
    { id: "again", mode: "desk", group: gettext("Answer"), keys: ["="], name: gettext("The answer before once more: intent, the same words marked, “not spoken”"), when: onDesk, run: () => last.repeat(item, choose) },
    ...said.commands,
    { id: "skip", mode: "desk", group: gettext("Other ways on"), keys: [";"], name: gettext("Skip, with a reason (1–6)"), when: onDesk, run: (event) => desk.isSettled(event) && askSkip() },
    { id: "personal", mode: "desk", group: gettext("Other ways on"), keys: ["!"], name: gettext("Personal data: take it out of sight"), when: onDesk, run: quarantine },
    { id: "ask", mode: "desk", group: gettext("Other ways on"), keys: ['"'], name: gettext("Ask a reviewer about this one"), when: onDesk, run: ask },
    { id: "propose", mode: "page", group: gettext("Other ways on"), keys: ["Mod+i"], name: gettext("Propose a new intent"), run: proposeIntent },
    { id: "back", mode: "desk", group: gettext("Other ways on"), keys: ["["], name: gettext("Look back at your answers"), when: onDesk, run: lookback.back },
    { id: "undo", mode: "page", group: gettext("Other ways on"), keys: ["Mod+z"], name: gettext("Take back the last answer"), run: desk.undo },

    { id: "history-back", mode: "history", group: gettext("Looking back"), keys: ["["], name: gettext("The answer before"), run: lookback.back },
    { id: "history-forward", mode: "history", group: gettext("Looking back"), keys: ["]"], name: gettext("The answer after"), run: lookback.forward },
    { id: "history-correct", mode: "history", group: gettext("Looking back"), keys: ["Enter"], name: gettext("Correct this one"), run: lookback.again },
    { id: "history-leave", mode: "history", group: gettext("Looking back"), keys: ["Escape"], name: gettext("Back to the item"), run: lookback.leave },

    { id: "span-personal", mode: "span", group: gettext("While marking"), keys: ["!"], name: gettext("This is personal data: take it out of sight"), run: quarantine },
  );

  if (wishes.coach) window.IVR.coach();
  for (const button of $("acts").querySelectorAll("button")) {
    button.addEventListener("click", (event) => {
      event.preventDefault();
      if (item) $("utterance").focus({ preventScroll: true });
      ({ submit, mark: () => onDesk() && said.startMarking(), skip: () => desk.isSettled(event) && askSkip(), personal: quarantine, ask: () => onDesk() && ask(), undo: desk.undo })[button.dataset.does](event);
    });
  }

  addEventListener("DOMContentLoaded", () => {
    const revises = document.querySelector("input[name=revises]");
    if (revises && $("item")) $("item").dataset.revises = revises.value;
    desk.begin();
    if (url.idle) window.IVR.coverWhenIdle({ limit: 1000 * Number(url.idle), pause: desk.pause, resume: desk.resume, shown: desk.resumed });
  });
})();
