/* Finding one intent among hundreds: a combobox over an index held in the page. Letters
   narrow it; a click into the empty field, or an arrow, lists all of them by domain. */
(() => {
  "use strict";
  const { make, keys, gettext, fill } = window.IVR;
  const LIMIT = 12;
  const { compare } = new Intl.Collator(); // one for all: localeCompare finds it anew each time
  const plain = (text) => text.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "");
  const words = (text) => text.split(/[\s._\-/]+/).filter(Boolean);

  /* The title comes along only where the name does not say it. */
  function domainTitle({ domain, domain_title: title }) {
    return title || domain.charAt(0).toUpperCase() + domain.slice(1).replaceAll("_", " ");
  }

  /* intents: [{name, title, domain, domain_title, aliases, description}] */
  function index(intents) {
    return intents.map((intent) => {
      const title = plain(`${intent.title} ${words(intent.name).join(" ")} ${intent.aliases.join(" ")}`);
      return { intent, title, starts: words(title), domains: [intent.domain, domainTitle(intent)].map(plain), more: plain(intent.description) };
    });
  }

  /* Letters in order; the closer together, the better: 0..1. */
  function scattered(needle, hay) {
    let at = -1;
    let gaps = 0;
    for (const letter of needle) {
      const found = hay.indexOf(letter, at + 1);
      if (found < 0) return 0;
      if (at >= 0) gaps += found - at - 1;
      at = found;
    }
    return 1 / (1 + gaps);
  }

  /* How well one query word fits an entry: 0 is not at all. */
  function fit(word, entry) {
    if (entry.starts[0] === word) return 10;
    if (entry.starts.includes(word)) return 9;
    if (entry.starts[0]?.startsWith(word)) return 8;
    if (entry.starts.some((start) => start.startsWith(word))) return 7;
    if (entry.title.includes(word)) return 5;
    if (entry.domains.some((name) => name.startsWith(word))) return 4;
    if (entry.more.includes(word)) return 3;
    return word.length > 1 ? 2.5 * scattered(word, entry.title) : 0;
  }

  /* `bil:` keeps to domains that start so. Every word must fit. -> intents, best first. */
  function search(entries, query) {
    const [, prefix, rest] = /^(?:([^:]*):)?(.*)$/s.exec(plain(query));
    const wanted = words(rest);
    const hits = [];
    for (const entry of entries) {
      if (prefix && !entry.domains.some((name) => name.startsWith(prefix.trim()))) continue;
      let score = 1;
      for (const word of wanted) {
        const one = fit(word, entry);
        score = one > 0.4 ? score + one : -Infinity;
        if (score < 0) break;
      }
      if (score > 0) hits.push({ intent: entry.intent, score });
    }
    hits.sort((a, b) => b.score - a.score || (a.intent.name < b.intent.name ? -1 : 1));
    return hits.slice(0, LIMIT).map((hit) => hit.intent);
  }

  /* -> Map of a domain's title -> its intents, both in the order of the alphabet */
  function byDomain(entries) {
    const groups = new Map();
    const byTitle = (a, b) => compare(a.title, b.title);
    for (const intent of entries.map((entry) => entry.intent).sort(byTitle)) {
      const title = domainTitle(intent);
      groups.set(title, [...(groups.get(title) || []), intent]);
    }
    return new Map([...groups].sort(([a], [b]) => compare(a, b)));
  }

  class Picker {
    /* none: the command that says none of these fits, where the page has one. */
    constructor({ onPick, none }) {
      this.onPick = onPick;
      this.none = none;
      this.entries = null; // until the list has come
      this.known = new WeakSet();
      this.listsAll = false;
      this.hits = [];
      this.at = 0;
    }

    /* What was typed while the list was on its way is answered now. */
    load(intents) {
      this.entries = index(intents);
      if (this.input?.value || this.listsAll) this.update();
    }

    /* Takes over the search field of a freshly drawn item. */
    attach(input, list) {
      this.input = input;
      this.list = list;
      this.listsAll = false;
      if (this.known.has(input)) return;
      this.known.add(input);
      input.addEventListener("input", () => this.update());
      input.addEventListener("click", () => input.value || this.listsAll || this.listAll());
      input.addEventListener("keydown", (event) => this.press(event));
      input.addEventListener("blur", () => setTimeout(() => document.activeElement !== input && this.close(), 120));
      list.addEventListener("pointerdown", (event) => event.preventDefault());
      list.addEventListener("click", (event) => {
        const row = event.target.closest("[role=option]");
        if (row) this.pick(Number(row.dataset.index));
      });
    }

    open(letters = "") {
      this.input.focus();
      this.input.value = letters;
      this.update();
    }

    listAll() {
      this.listsAll = true;
      this.update();
      this.list.scrollIntoView({ block: "nearest" });
    }

    close() {
      this.listsAll = false;
      this.list.hidden = true;
      this.list.replaceChildren();
      this.input.value = "";
      this.input.setAttribute("aria-expanded", "false");
      this.input.removeAttribute("aria-activedescendant");
    }

    update() {
      const query = this.input.value.trim();
      const groups = this.entries && !query && this.listsAll ? byDomain(this.entries) : null;
      if (groups) this.hits = [...groups.values()].flat();
      else this.hits = this.entries && query ? search(this.entries, this.input.value) : [];
      if (this.at) this.list.scrollTop = 0;
      this.at = 0;
      this.list.hidden = !query && !this.listsAll;
      this.input.setAttribute("aria-expanded", String(!this.list.hidden));
      if (!this.hits.length) this.list.replaceChildren(this.nothing());
      else if (groups) this.list.replaceChildren(...this.domains(groups));
      else this.list.replaceChildren(...this.hits.map((hit, k) => this.row(hit, k)));
      this.point();
    }

    domains(groups) {
      let k = 0;
      return [...groups].map(([title, intents], n) => make("li", { class: "domain", role: "presentation" },
        make("div", { role: "group", "aria-labelledby": `hits-${n}` }, make("b", { id: `hits-${n}` }, title),
          make("ul", { role: "presentation" }, ...intents.map((intent) => this.row(intent, k++))))));
    }

    nothing() {
      const key = keys.told(this.none);
      const none = key ? fill(gettext("No intent fits. Esc, then %(key)s, for none of these."), { key }) : gettext("No intent fits.");
      const text = this.entries ? none : gettext("The intents are being loaded…");
      return make("li", { class: "none", role: "option", "aria-disabled": "true" }, text);
    }

    row(intent, k) {
      return make("li", { id: `hit-${k}`, role: "option", "data-index": k },
        make("span", {}, intent.title), ...(this.input.value ? [make("span", { class: "soft" }, domainTitle(intent))] : []),
        make("small", {}, intent.description || intent.name));
    }

    point() {
      for (const row of this.list.querySelectorAll("[data-index]")) {
        const here = Number(row.dataset.index) === this.at;
        row.setAttribute("aria-selected", String(here));
        if (here) this.input.setAttribute("aria-activedescendant", row.id);
      }
      if (!this.hits.length) this.input.removeAttribute("aria-activedescendant");
    }

    press(event) {
      if (event.isComposing) return;
      if (event.key === "ArrowDown" || event.key === "ArrowUp") {
        if (this.list.hidden) this.listAll();
        const step = event.key === "ArrowDown" ? 1 : -1;
        this.at = this.hits.length ? (this.at + step + this.hits.length) % this.hits.length : 0;
        this.point();
        this.list.querySelector("[aria-selected=true]")?.scrollIntoView({ block: "nearest" });
      } else if (event.key === "Enter") {
        if (!event.repeat) this.pick(this.at);
      } else if (event.key === "Escape" || (event.key === "Backspace" && !this.input.value)) {
        this.input.blur();
        this.close();
      } else return;
      event.preventDefault();
      event.stopPropagation();
    }

    pick(k) {
      const intent = this.hits[k];
      if (!intent) return;
      this.input.blur();
      this.close();
      this.onPick(intent);
    }
  }

  Object.assign(window.IVR, { Picker, domainTitle, searchIntents: search, indexIntents: index });
})();
