/* One case: choose among the answers or label afresh; then the model's vote shows. */
(() => {
  "use strict";
  const { say, keys, digit, parameterPanel, turnActs, Marks, Picker, answering, obstacle, carry, domainTitle, isCaseSeen, gettext, fill } = window.IVR;
  const $ = (id) => document.getElementById(id);
  const place = $("case");
  if (!place) return;
  const form = $("decide");
  const radios = [...form.querySelectorAll("input[name=answer]")];
  const isOpen = () => !form.querySelector("fieldset").disabled && isCaseSeen();
  let item = null; // the label given afresh
  let intents = new Map();
  let coming = null; // the catalogue, once asked for
  let asked = false;

  const panel = parameterPanel({ tell, url: place.dataset.value, csrf: () => form.elements.csrfmiddlewaretoken.value, resting: "afresh" });
  const acts = turnActs();
  const picker = new Picker({ onPick: (intent) => show(intent.name), none: "none" });
  const said = answering({
    mode: "afresh", group: gettext("A label of your own"), submitName: gettext("Save and go on"), outOfScope: place.dataset.outOfScope,
    item: () => item, when: isOpen, panel, acts, picker, choose: show, submit: () => save(),
  });

  function tell(message) {
    const box = $("refusal");
    box.hidden = !message;
    box.textContent = message || "";
  }

  const chosen = () => radios.find((radio) => radio.checked);

  function choose(number) {
    const radio = radios[number - 1];
    if (!radio || !isOpen()) return;
    radio.checked = true;
    radio.focus({ preventScroll: true });
    changed();
  }

  async function changed() {
    const radio = chosen();
    const isAfresh = radio.value === "neither";
    $("afresh").hidden = !isAfresh;
    tell(null);
    if (isAfresh) await afresh();
    else keys.mode = "review";
    showVote();
  }

  /* Asked for only now: a vote seen before would choose along. */
  async function showVote() {
    if (asked) return;
    asked = true;
    const [response] = await Promise.all([fetch(place.dataset.vote).catch(() => null), catalogue()]);
    const box = $("vote");
    box.hidden = false;
    if (!response?.ok) {
      box.textContent = gettext("The model’s vote could not be loaded.");
      return;
    }
    const { votes, source } = await response.json();
    const said = votes.map((vote) => `${intents.get(vote.intent)?.title || vote.intent} ${Math.round(100 * vote.confidence)} %`);
    box.textContent = said.length ? fill(gettext("%(model)s says: %(votes)s."), { model: source, votes: said.join(", ") }) : gettext("The model has no vote on this one.");
    say(box.textContent);
  }

  /* Asked for with the page, so that it is there before the first letter; again if it failed. */
  const catalogue = () => (coming ||= loadCatalogue());

  async function loadCatalogue() {
    const response = await fetch(place.dataset.catalogue).catch(() => null);
    if (!response?.ok) {
      coming = null;
      tell(gettext("The list of intents could not be loaded. Choose again to retry."));
      return;
    }
    const found = await response.json();
    intents = new Map(found.intents.map((intent) => [intent.name, intent]));
    picker.load(found.intents);
  }

  /* ---- a label of one's own ---- */

  async function afresh() {
    if (!item) {
      item = { id: place.dataset.utterance, form, text: place.dataset.text, intent: null, params: [], notSpoken: new Set(), isRead: true };
      item.editor = new Marks($("afresh"), { spans: [], onChange: () => panel.drawParams(), onSelect: (range) => panel.drawMarker(range) });
      panel.attach(item);
      acts.attach(item);
      picker.attach($("find"), $("hits"));
    }
    keys.mode = "afresh";
    await catalogue();
    $("afresh").scrollIntoView({ block: "nearest" });
  }

  function show(name) {
    item.intent = name;
    item.known = intents.get(name);
    item.params = item.known?.parameters || [];
    item.editor.use(item.params.map((param) => param.name));
    const isNone = name === place.dataset.outOfScope;
    $("chosen").textContent = isNone ? gettext("None of these · out of scope") : item.known ? `${item.known.title} · ${domainTitle(item.known)}` : name;
    tell(null);
    panel.drawMarker(item.editor.range);
    acts.draw();
    $("utterance").focus({ preventScroll: true });
  }
  $("none-of-these").addEventListener("click", () => show(place.dataset.outOfScope));

  /* ---- saving ---- */

  /* What the turn does and a misheard word are fields of the form already. */
  function own() {
    const names = item.params.map((param) => param.name);
    carry(form, {
      intent: item.intent,
      spans: JSON.stringify(panel.marks()),
      not_spoken: JSON.stringify([...item.notSpoken].filter((name) => names.includes(name))),
    });
  }

  form.addEventListener("submit", (event) => {
    if (!chosen()) {
      event.preventDefault();
      tell(gettext("Choose first: a number."));
    } else if (chosen().value === "neither") {
      const open = item?.intent && obstacle(panel, said.startMarking);
      if (item?.intent && !open) {
        own();
        return;
      }
      event.preventDefault();
      const ways = keys.hint([["find", gettext("%(key)s to search")], ["none", gettext("%(key)s for none of these")]]);
      if (open) tell(open.message);
      else tell(ways ? fill(gettext("Choose the right intent from the list: %(ways)s."), { ways }) : gettext("Choose the right intent from the list."));
      open?.mend();
    }
  });
  form.addEventListener("change", (event) => {
    if (event.target.name === "answer") changed();
    if (event.target.name === "reason" && event.target.checked) {
      for (const other of form.querySelectorAll("input[name=reason]")) if (other !== event.target) other.checked = false;
    }
  });

  const save = () => $("save").click();
  const chip = (letter) => form.querySelector(`input[name=reason][data-key="${letter}"]`);

  keys.add(
    { id: "case-choose", mode: "review", group: gettext("This case"), keys: ["1–9"], name: gettext("Choose an answer; the last number is neither"), when: isOpen, run: (event) => choose(digit(event)) },
    { id: "case-save", mode: "review", group: gettext("This case"), keys: ["Enter"], name: gettext("Save and go on"), when: isOpen, run: save },
    { id: "case-teach", mode: "review", group: gettext("This case"), keys: ["t"], name: gettext("Save it as a teaching example too"), when: () => isOpen() && Boolean($("teaching")), run: () => $("teaching").click() },
    ...[...form.querySelectorAll("input[name=reason]")].map((input) => ({
      id: `case-reason-${input.value}`, mode: "review", group: gettext("This case"), keys: [input.dataset.key], name: fill(gettext("Reason: %(reason)s"), { reason: input.parentElement.textContent.trim().slice(1).trim() }), when: isOpen, run: () => chip(input.dataset.key).click(),
    })),
    ...said.commands,
    { id: "own-save", mode: "afresh", group: gettext("A label of your own"), keys: ["Enter"], name: gettext("Save and go on"), run: save },
    { id: "own-leave", mode: "afresh", group: gettext("A label of your own"), keys: ["Escape"], name: gettext("Back to choosing and to the reasons"), run: () => { keys.mode = "review"; say(gettext("Choosing.")); } },
  );
  catalogue();
})();
