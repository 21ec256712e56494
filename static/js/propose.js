/* The desk's dialog that proposes an intent for the item on the screen. */
const { make, say, dialog, gettext } = window.IVR;

function field(label, control) {
  const id = `proposal-${control.name}`;
  control.id = id;
  return make("div", { class: "field" }, make("label", { htmlFor: id }, label), control);
}

function domainsOf(intents) {
  const names = new Map(intents.map((intent) => [intent.domain, intent.domain]));
  return [...names.keys()].sort();
}

/* item: the queue item, null while there is none. intents: the desk's catalogue, which
   is empty where no item has been shown yet. */
export async function propose({ url, csrf, item, intents, catalogue }) {
  if (!intents.length) {
    const response = await fetch(catalogue).catch(() => null);
    intents = response?.ok ? (await response.json()).intents : [];
  }
  const title = make("input", { name: "title", required: true, maxLength: 120, autocomplete: "off" });
  const when = make("textarea", { name: "description", required: true, maxLength: 300, rows: 2 });
  const domain = make("select", { name: "domain", required: true }, make("option", { value: "" }, gettext("Choose")),
    ...domainsOf(intents).map((name) => make("option", { value: name }, name.replaceAll("_", " "))));
  const refusal = make("p", { class: "note warn", role: "alert", hidden: true });
  const send = make("button", { class: "button go" }, gettext("Propose"));
  const form = make("form", { class: "decision" },
    field(gettext("What the caller wants"), title), field(gettext("Choose it when …"), when), field(gettext("Domain"), domain), refusal, send);
  const box = dialog("propose", gettext("Propose a new intent"), make("p", { class: "soft" },
    item ? gettext("A reviewer decides. Answer this item as well as you can for now, or skip it.") : gettext("A reviewer decides.")), form);
  title.focus();

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    send.disabled = true;
    const body = new URLSearchParams(new FormData(form));
    body.set("csrfmiddlewaretoken", csrf);
    if (item) body.set("item", item);
    const response = await fetch(url, { method: "POST", body, headers: { Accept: "application/json" } }).catch(() => null);
    const told = await response?.json().catch(() => null);
    send.disabled = false;
    if (response?.ok) {
      box.close();
      window.IVR.banner(told.message, "good");
      say(told.message);
      return;
    }
    refusal.hidden = false;
    refusal.textContent = told?.message || gettext("The server cannot be reached. Try again in a moment.");
  });
}
