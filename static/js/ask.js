/* The dialog in which an annotator asks a reviewer; the desk fetches it when needed. */
(() => {
  "use strict";
  const { make, say, drawKeys, gettext } = window.IVR;
  const MOST_LETTERS = 1000;

  /* item: its id. url: where to. The same question sent again keeps its id. */
  window.IVR.ask = ({ item, url, csrf }) => {
    const uuid = crypto.randomUUID();
    const words = make("textarea", { id: "ask-text", rows: 4, maxLength: MOST_LETTERS, required: true });
    const refusal = make("p", { class: "note warn", role: "alert", hidden: true });
    const send = make("button", { class: "button go", type: "submit" }, ...drawKeys(["Mod+Enter"]), gettext("Ask"));
    const form = make("form", {},
      make("div", { class: "field" }, make("label", { htmlFor: "ask-text" }, gettext("What would you like to know about this one?")), words),
      make("p", { class: "soft" }, make("small", {}, gettext("The item stays yours: answer or skip it as you like. No names or numbers, please."))), refusal, send);
    const dialog = window.IVR.dialog("ask", gettext("Ask a reviewer"), form);
    words.focus();

    form.addEventListener("submit", async (event) => {
      event.preventDefault();
      if (!words.value.trim()) return;
      send.disabled = true;
      const body = new URLSearchParams({ csrfmiddlewaretoken: csrf, uuid, item, text: words.value });
      const headers = { "X-CSRFToken": csrf, Accept: "application/json" };
      const response = await fetch(url, { method: "POST", body, headers }).catch(() => null);
      const told = response ? (await response.json().catch(() => ({}))).message : "";
      send.disabled = false;
      if (response?.ok) {
        dialog.close();
        say(told);
        window.IVR.banner(told, "good");
        setTimeout(() => window.IVR.banner(null), 4000);
      } else {
        refusal.hidden = false;
        refusal.textContent = told || gettext("The server cannot be reached. Your question is still here: try again.");
      }
    });
    words.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) {
        event.preventDefault();
        form.requestSubmit();
      }
    });
  };
})();
