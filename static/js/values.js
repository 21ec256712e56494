/* What marked words amount to, beside the mark: read by the server as it will store them, and editable. */
(() => {
  "use strict";
  const { make, gettext, fill } = window.IVR;
  const TYPING = 120; // ms without a key before what is typed is read
  const PLACEHOLDER = /^\[[A-Z_]+_\d+\]$/;

  /* read(item, param, words) -> {value, problem}; known ones at once, as `peek` does.
     csrf() -> the token of the moment. */
  function readings({ url, csrf }) {
    const known = new Map();
    const waiting = new Map();
    const keyOf = (item, param, words) => JSON.stringify([item.id, item.intent, param, words]);

    async function ask(item, param, words) {
      if (!url) return null; // a page that asks nobody: the server reads it with the answer
      const fields = { item: item.id, intent: item.intent, param, said: words };
      const response = await fetch(url, { method: "POST", body: new URLSearchParams(fields), headers: { "X-CSRFToken": csrf() } }).catch(() => null);
      return response?.ok ? response.json() : null; // unread: the server reads it with the answer
    }

    return {
      peek: (item, param, words) => (PLACEHOLDER.test(words) ? { value: words, problem: "" } : known.get(keyOf(item, param, words))),
      seed: (item, { intent, param, text, value, problem }) => known.set(JSON.stringify([item.id, intent, param, text]), { value, problem }),
      async read(item, param, words) {
        const key = keyOf(item, param, words);
        if (!waiting.has(key)) waiting.set(key, ask(item, param, words));
        const found = await waiting.get(key);
        waiting.delete(key);
        if (found) known.set(key, found);
        return found;
      },
    };
  }

  /* The field of one mark. `done` gives the keys back to the desk. */
  function valueField({ item, param, span, words, reader, done }) {
    const id = `value-${crypto.randomUUID()}`;
    const input = make("input", { class: "value", type: "text", autocomplete: "off", spellcheck: false, maxLength: 200, "aria-label": fill(gettext("Value of %(name)s"), { name: param.name }), "aria-describedby": id });
    const note = make("small", { id, class: "need", role: "status" });
    const node = make("span", { class: "amounts" }, input, note);
    let timer = null;

    const said = () => span.typed ?? words;

    function show(found, { typing = false } = {}) {
      input.toggleAttribute("aria-busy", !found);
      if (!typing) input.value = found && !found.problem ? found.value : said();
      input.size = Math.min(28, Math.max(8, input.value.length + 1));
      const problem = found?.problem ? fill(gettext("%(name)s %(problem)s."), { name: param.name, problem: found.problem }) : "";
      note.textContent = problem || (typing && found && found.value !== input.value ? `= ${found.value}` : "");
      note.className = problem ? "need" : "soft";
      if (problem) input.setAttribute("aria-invalid", "true");
      else input.removeAttribute("aria-invalid");
    }

    async function update(options) {
      const asked = said();
      show(reader.peek(item, param.name, asked), options);
      if (reader.peek(item, param.name, asked)) return;
      const found = await reader.read(item, param.name, asked);
      if (asked === said()) show(found, { typing: document.activeElement === input && span.typed !== undefined });
    }

    input.addEventListener("input", () => {
      span.typed = input.value.trim() || undefined;
      clearTimeout(timer);
      timer = setTimeout(() => update({ typing: true }), TYPING);
    });
    input.addEventListener("change", () => {
      clearTimeout(timer);
      update();
    });
    input.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== "Escape") return;
      event.preventDefault();
      event.stopPropagation();
      if (event.key === "Escape") span.typed = undefined;
      clearTimeout(timer);
      done();
      update();
    });
    update();

    return {
      node, input, update,
      get answer() {
        const found = reader.peek(item, param.name, said());
        return { value: found && !found.problem ? found.value : span.typed, problem: found?.problem || "" };
      },
    };
  }

  Object.assign(window.IVR, { readings, valueField });
})();
