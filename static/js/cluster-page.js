/* Near-duplicates on one page: the blind check, then one key for the others. */
(() => {
  "use strict";
  const { say, keys, Picker } = window.IVR;
  const $ = (id) => document.getElementById(id);
  const SETTLE = 200; // a decision faster than this was meant for the page before
  const HEARTBEAT = 60000;
  const page = $("cluster");
  const form = page.querySelector("form[data-step]");
  let paintedAt = Infinity;
  let isSent = false;
  requestAnimationFrame(() => requestAnimationFrame(() => {
    paintedAt = performance.now();
    page.dataset.painted = "";
  }));

  const held = () => (page.dataset.held || "").split(" ").filter(Boolean);
  const body = (fields) => new URLSearchParams([["csrfmiddlewaretoken", page.dataset.csrf], ...fields]);

  /* A reloaded page gave its items back after this one was asked for. */
  if (page.dataset.held && ["reload", "back_forward"].includes(performance.getEntriesByType("navigation")[0]?.type))
    setTimeout(() => fetch(page.dataset.self).catch(() => null), 300);

  addEventListener("pagehide", () => {
    if (!isSent && held().length) navigator.sendBeacon(page.dataset.release, body(held().map((id) => ["item", id])));
  });
  /* The others go back before the desk asks for work, so that it may get one of them. */
  $("one-by-one")?.addEventListener("click", async (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    const { href } = event.currentTarget;
    const kept = new URL(href).searchParams.get("item");
    const others = held().filter((id) => id !== kept);
    isSent = true;
    await fetch(page.dataset.release, { method: "POST", body: body(others.map((id) => ["item", id])), keepalive: true }).catch(() => null);
    location.assign(href);
  });
  setInterval(() => {
    if (!document.hidden) for (const id of held()) fetch(page.dataset.renew, { method: "POST", body: body([["item", id]]) }).catch(() => null);
  }, HEARTBEAT);

  for (const input of document.querySelectorAll("input[data-uuid]")) input.value = crypto.randomUUID();
  // A held Enter must not press a button that has the focus.
  document.addEventListener("keydown", (event) => event.repeat && event.key === "Enter" && event.preventDefault(), true);

  /* What goes on to the desk keeps its item; the others are given back. */
  $("one-by-one")?.addEventListener("click", () => {
    page.dataset.held = held().filter((id) => id !== page.dataset.seed).join(" ");
  });

  const send = (event) => event.timeStamp - paintedAt >= SETTLE && form?.requestSubmit();
  form?.addEventListener("submit", (event) => {
    if (isSent || performance.now() - paintedAt < SETTLE || !ready()) {
      event.preventDefault();
      return;
    }
    isSent = true;
    form.elements.shown_ms.value = Math.round(performance.now() - paintedAt);
  });

  function ready() {
    if (form.dataset.step !== "check" || form.elements.intent.value) return true;
    $("refusal").hidden = false;
    $("refusal").textContent = "Choose an intent first: type to search, or 0 for none of these.";
    return false;
  }

  keys.mode = "cluster";
  const group = "Confirm together";
  const go = { id: "cluster-go", mode: "cluster", group, keys: ["Enter"], name: "Send what is shown", run: (event) => (form ? send(event) : event.timeStamp - paintedAt >= SETTLE && $("onward")?.click()) };
  keys.add(go, { id: "cluster-leave", mode: "cluster", group, keys: ["Escape"], name: "Go one by one", run: () => ($("one-by-one") || $("onward"))?.click() });

  if ($("back")) keys.add({ id: "cluster-back", mode: "cluster", group, keys: ["Mod+z"], name: "Take these answers back", run: () => $("back").click() });

  /* ---- the check ---- */

  async function startCheck() {
    const picker = new Picker({ onPick: choose });
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
  document.querySelector("form[data-back]")?.addEventListener("submit", () => (isSent = true));
})();
