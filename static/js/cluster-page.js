/* Near-duplicates on one page: the blind check, then one key for the others. */
(() => {
  "use strict";
  const { banner, say, keys, leases, attended, Picker } = window.IVR;
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
      unreachable: "The server cannot be reached. What you chose stays on this page.",
      unsure: "The server cannot be reached; whether these items are still yours shows when you go on.",
      gone: "Some of these went back to the others. How many shows when you go on.",
      over: "How many somebody else has by now shows when you go on.",
    },
  });

  /* The others are left alone when they are confirmed; without the seed nothing can be. */
  function tellLost(id) {
    lost.add(id);
    if (lost.has(page.dataset.seed)) banner("These went back to the others meanwhile, so they cannot be confirmed together. Go one by one: the next item waits there.");
    else banner(`${lost.size === 1 ? "One of these went" : `${lost.size} of these went`} back to the others meanwhile and will be left alone.`);
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
    const ways = keys.hint([["cluster-find", "to search"], ["cluster-none", "for none of these"]]);
    $("refusal").textContent = `Choose an intent first${ways && `: ${ways}`}.`;
    return false;
  }

  keys.mode = "cluster";
  const group = "Confirm together";
  const go = { id: "cluster-go", mode: "cluster", group, keys: ["Enter"], name: "Send what is shown", run: (event) => (form ? send(event) : desk.isSettled(event) && $("onward")?.click()) };
  keys.add(go, { id: "cluster-leave", mode: "cluster", group, keys: ["Escape"], name: "Go one by one", run: () => ($("one-by-one") || $("onward"))?.click() });

  if ($("back")) keys.add({ id: "cluster-back", mode: "cluster", group, keys: ["Mod+z"], name: "Take these answers back", run: () => $("back").click() });

  /* ---- the check ---- */

  async function startCheck() {
    const picker = new Picker({ onPick: choose, none: "cluster-none" });
    picker.attach($("find"), $("hits"));
    keys.add(
      { id: "cluster-find", mode: "cluster", group, keys: ["Letter"], name: "Search all intents", run: (event) => picker.open(event.key) },
      { id: "cluster-none", mode: "cluster", group, keys: ["0"], name: "None of these: out of scope", run: () => choose({ name: page.dataset.outOfScope, title: "None of these" }) },
    );
    const response = await fetch(page.dataset.catalogue).catch(() => null);
    if (response?.ok) picker.load((await response.json()).intents);
    else window.IVR.banner("The list of intents could not be loaded. Reload the page.", "bad");
  }

  function choose(intent) {
    form.elements.intent.value = intent.name;
    $("chosen").textContent = intent.title;
    $("refusal").hidden = true;
    say(`${intent.title} chosen. Enter sends it.`);
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
      { id: "cluster-move", mode: "cluster", group, keys: ["ArrowUp", "ArrowDown"], repeats: true, name: "Another one", run: (event) => step(event.key === "ArrowUp" ? -1 : 1) },
      { id: "cluster-out", mode: "cluster", group, keys: ["Space"], name: "Take this one out, or in again", when: () => at() >= 0, run: () => boxes[at()].click() },
    );
    draw();
  }

  if (form?.dataset.step === "check") startCheck();
  if (form?.dataset.step === "confirm") startConfirm();
})();
