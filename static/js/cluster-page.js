/* Near-duplicates on one page: the blind check, then one key for the others. */
(() => {
  "use strict";
  const { banner, say, keys, leases, attended, Picker, gettext, ngettext, fill } = window.IVR;
  const $ = (id) => document.getElementById(id);
  const page = $("cluster");
  const form = page.querySelector("form[data-step]");
  const desk = attended(page);
  let isLeft = false; // what this page held is given back, or goes on with whoever leaves

  const held = () => (isLeft || desk.isSending ? [] : (page.dataset.held || "").split(" ").filter(Boolean));
  const lost = new Set(); // ids that somebody else has by now
  const holds = leases({
    url: page.dataset, held, onLost: tellLost, reenter: desk.reenter,
    words: {
      unreachable: gettext("The server cannot be reached. What you chose stays on this page."),
      unsure: gettext("The server cannot be reached; whether these items are still yours shows when you go on."),
      gone: gettext("Some of these went back to the others. How many shows when you go on."),
      over: (n, time) => fill(ngettext(
        "The item was yours until %(time)s. How many somebody else has by now shows when you go on.",
        "These %(n)s items were yours until %(time)s. How many somebody else has by now shows when you go on.", n), { n, time }),
    },
  });

  /* The others are left alone when they are confirmed; without the seed nothing can be. */
  function tellLost(id) {
    lost.add(id);
    if (lost.has(page.dataset.seed)) banner(gettext("These went back to the others meanwhile, so they cannot be confirmed together. Go one by one: the next item waits there."));
    else banner(fill(ngettext(
      "One of these went back to the others meanwhile and will be left alone.",
      "%(n)s of these went back to the others meanwhile and will be left alone.", lost.size), { n: lost.size }));
  }

  if (form) desk.cover({ pause: () => holds.pause(held()), resume: holds.resume });

  /* A reloaded page gave its items back after this one was asked for. */
  if (page.dataset.held && ["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0]?.type))
    setTimeout(() => fetch(page.dataset.self).catch(() => null), 300);

  /* What goes on to the desk keeps its item. The others go back before the desk asks for
     work, so that it may get one of them. */
  $("one-by-one")?.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { href } = event.currentTarget;
    const others = held().filter((id) => id !== page.dataset.seed);
    isLeft = true;
    const body = new URLSearchParams([["csrfmiddlewaretoken", page.dataset.csrf], ...others.map((id) => ["item", id])]);
    await fetch(page.dataset.release, { method: "POST", body, keepalive: true }).catch(() => null);
    location.assign(href);
  });

  for (const input of document.querySelectorAll("input[data-uuid]")) input.value = crypto.randomUUID();

  const send = (event) => desk.isSettled(event) && form?.requestSubmit();
  form?.addEventListener("submit", (event) => {
    if (ready()) form.elements.shown_ms.value = desk.millisecondsSeen();
    else event.preventDefault();
  });

  function ready() {
    if (form.dataset.step !== "check" || form.elements.intent.value) return true;
    $("refusal").hidden = false;
    const ways = keys.hint([["cluster-find", gettext("%(key)s to search")], ["cluster-none", gettext("%(key)s for none of these")]]);
    $("refusal").textContent = ways ? fill(gettext("Choose an intent first: %(ways)s."), { ways }) : gettext("Choose an intent first.");
    return false;
  }

  keys.mode = "cluster";
  const group = gettext("Confirm together");
  const go = { id: "cluster-go", mode: "cluster", group, keys: ["Enter"], name: gettext("Send what is shown"), run: (event) => (form ? send(event) : desk.isSettled(event) && $("onward")?.click()) };
  keys.add(go, { id: "cluster-leave", mode: "cluster", group, keys: ["Escape"], name: gettext("Go one by one"), run: () => ($("one-by-one") || $("onward"))?.click() });

  if ($("back")) keys.add({ id: "cluster-back", mode: "cluster", group, keys: ["Mod+z"], name: gettext("Take these answers back"), run: () => $("back").click() });

  /* ---- the check ---- */

  async function startCheck() {
    const picker = new Picker({ onPick: choose, none: "cluster-none" });
    picker.attach($("find"), $("hits"));
    keys.add(
      { id: "cluster-find", mode: "cluster", group, keys: ["Letter"], name: gettext("Search all intents"), run: (event) => picker.open(event.key) },
      { id: "cluster-none", mode: "cluster", group, keys: ["0"], name: gettext("None of these: out of scope"), run: () => choose({ name: page.dataset.outOfScope, title: gettext("None of these") }) },
    );
    const response = await fetch(page.dataset.catalogue).catch(() => null);
    if (response?.ok) picker.load((await response.json()).intents);
    else window.IVR.banner(gettext("The list of intents could not be loaded. Reload the page."), "bad");
  }

  function choose(intent) {
    form.elements.intent.value = intent.name;
    $("chosen").textContent = intent.title;
    $("refusal").hidden = true;
    say(fill(gettext("%(intent)s chosen. Enter sends it."), { intent: intent.title }));
  }

  /* ---- the others ---- */

  function startConfirm() {
    const boxes = [...form.querySelectorAll("input[type=checkbox]")];
    const at = () => boxes.indexOf(document.activeElement);
    const step = (by) => boxes[(at() + by + boxes.length) % boxes.length].focus();
    const draw = () => {
      const n = boxes.filter((box) => box.checked).length;
      $("go").disabled = !n;
      $("n").textContent = n;
    };
    form.addEventListener("change", draw);
    keys.add(
      { id: "cluster-move", mode: "cluster", group, keys: ["ArrowUp", "ArrowDown"], repeats: true, name: gettext("Another one"), run: (event) => step(event.key === "ArrowUp" ? -1 : 1) },
      { id: "cluster-out", mode: "cluster", group, keys: ["Space"], name: gettext("Take this one out, or in again"), when: () => at() >= 0, run: () => boxes[at()].click() },
    );
    draw();
  }

  if (form?.dataset.step === "check") startCheck();
  if (form?.dataset.step === "confirm") startConfirm();
})();
