/* Every command and page by name, each with its key: found by typing, and learned. */
const { make, drawKeys, say, gettext, fill } = window.IVR;
const LIMIT = 14;

/* Letters in order, the earlier and closer the better; -1 is no fit. */
function fit(query, name) {
  let at = -1;
  let score = 0;
  for (const letter of query) {
    const found = name.indexOf(letter, at + 1);
    if (found < 0) return -1;
    score += 1 / (1 + found - at);
    at = found;
  }
  return score + (name.includes(query) ? 10 : 0);
}

const pages = () =>
  [...document.querySelectorAll("header.bar nav a, .aside a[href]")].map((link) => ({ name: fill(gettext("Go to: %(page)s"), { page: link.textContent.trim() }), shown: [], go: () => link.click() }));

/* usable: commands as they were before. dialog, input: open and typed into already. */
export function palette(usable, dialog, input) {
  const commands = usable.map((command) => ({ ...command, go: (event) => command.run(event, 0) }));
  const all = [...commands, ...pages()];
  const list = make("ul", { id: "palette-hits", class: "hits", role: "listbox", "aria-label": gettext("Commands and pages") });
  dialog.append(list);
  let hits = [];
  let at = 0;

  function draw() {
    const query = input.value.trim().toLowerCase();
    const scored = all.map((one) => ({ one, score: fit(query, one.name.toLowerCase()) })).filter(({ score }) => score >= 0);
    hits = (query ? scored.sort((a, b) => b.score - a.score) : scored).slice(0, query ? LIMIT : all.length).map(({ one }) => one);
    at = 0;
    list.replaceChildren(...(hits.length ? hits.map(row) : [make("li", { class: "none", role: "option", "aria-disabled": "true" }, gettext("Nothing is called that."))]));
    point();
  }

  function row(one, k) {
    const node = make("li", { id: `command-${k}`, role: "option" }, make("span", {}, one.name), make("span", {}, ...drawKeys(one.shown)));
    node.addEventListener("click", (event) => choose(k, event));
    return node;
  }

  function point() {
    [...list.children].forEach((node, k) => {
      node.setAttribute("aria-selected", String(k === at && Boolean(node.id)));
      if (k === at && node.id) input.setAttribute("aria-activedescendant", node.id);
    });
    list.children[at]?.scrollIntoView({ block: "nearest" });
  }

  function choose(k, event) {
    const one = hits[k];
    if (!one) return;
    dialog.close();
    // Which of several is meant only the key itself can say.
    const ways = { command: one.name, keys: one.shown.join(` ${gettext("or")} `) };
    if (one.isMany) say(fill(ways.keys ? gettext("%(command)s: press %(keys)s.") : gettext("%(command)s: press nothing: its keys are switched off."), ways));
    else one.go(event);
  }

  input.addEventListener("input", draw);
  input.addEventListener("keydown", (event) => {
    if (event.isComposing || event.repeat && event.key === "Enter") return;
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    if (step && hits.length) {
      at = (at + step + hits.length) % hits.length;
      point();
    } else if (event.key === "Enter") choose(at, event);
    else if (event.key === "Escape") dialog.close(); // a search field would only empty itself
    else return;
    event.preventDefault();
    event.stopPropagation();
  });
  draw();
}
