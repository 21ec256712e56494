/* Marking parameters in a text: the text itself and the table below it. Offsets are code points, half-open, as the server counts. */
(() => {
  "use strict";
  const { keys, make, say } = window.IVR;
  const $ = (id) => document.getElementById(id);
  const MOST_DIGITS = 9;
  const MOST_IDLE = 4; // more optional parameters than this are told in one line
  const TOKEN =
    /\[[A-Z][A-Z_]*(?:_\d+)?\]|[\p{L}\p{N}\p{M}]+(?:['’.\-][\p{L}\p{N}\p{M}]+)*|\s+|\p{Extended_Pictographic}[\p{M}\u200d\ufe0f\p{Extended_Pictographic}\p{Emoji_Modifier}]*|[^\s]/gu;
  const CHIP = /^\[[A-Z][A-Z_]*(?:_\d+)?\]$/;

  /* -> [{start, end, gap}], covering the whole text in order. */
  function tokenize(text) {
    const tokens = [];
    let at = 0;
    for (const [word] of text.matchAll(TOKEN)) {
      const length = Array.from(word).length;
      tokens.push({ start: at, end: at + length, gap: /^\s+$/.test(word), chip: CHIP.test(word) });
      at += length;
    }
    return tokens;
  }

  class SpanEditor {
    /* onChange() after each change; onSelect(range | null) when the selection moves. */
    constructor(host, text, { spans = [], onChange, onSelect }) {
      this.host = host;
      this.chars = Array.from(text);
      this.tokens = tokenize(text);
      this.words = this.tokens.filter((token) => !token.gap);
      this.spans = spans.filter((span) => this.isInside(span));
      this.styles = new Map();
      this.onChange = onChange;
      this.onSelect = onSelect;
      this.range = null;
      this.byKeyboard = false;
      this.pending = false;
      this.listen();
      this.draw();
    }

    isInside({ start, end }) {
      return Number.isInteger(start) && Number.isInteger(end) && start >= 0 && end > start && end <= this.chars.length;
    }

    text({ start, end }) {
      return this.chars.slice(start, end).join("");
    }

    /* params: names the chosen intent has, in order; others' marks stay but hide. */
    use(params) {
      this.styles = new Map(params.map((name, index) => [name, index % 5]));
      this.draw();
    }

    get shown() {
      return this.spans.filter((span) => this.styles.has(span.param)).sort((a, b) => a.start - b.start);
    }

    /* Marks the selection as `param`, in place of what overlaps it. */
    mark(param, { many = false } = {}) {
      const range = this.range;
      if (!range || !this.isInside(range)) return false;
      this.spans = this.spans.filter(
        (span) => (span.end <= range.start || span.start >= range.end) && (many || span.param !== param),
      );
      this.spans.push({ start: range.start, end: range.end, param });
      const next = this.words.find((word) => word.start >= range.end) || this.words[this.words.length - 1];
      this.select(this.byKeyboard ? { start: next.start, end: next.end } : null, this.byKeyboard);
      this.onChange();
      return true;
    }

    remove(test) {
      const kept = this.spans.filter((span) => !test(span));
      if (kept.length === this.spans.length) return false;
      this.spans = kept;
      this.draw();
      this.onChange();
      return true;
    }

    removeSelected() {
      const range = this.range;
      return Boolean(range) && this.remove((span) => span.start < range.end && span.end > range.start && this.styles.has(span.param));
    }

    select(range, byKeyboard = false) {
      this.range = range;
      this.byKeyboard = Boolean(range) && byKeyboard;
      if (!range) this.pending = false;
      this.draw();
      this.onSelect(range);
    }

    /* Keyboard: start at the first word that no mark covers. */
    enter() {
      const free = this.words.find((word) => !this.shown.some((span) => span.start < word.end && span.end > word.start));
      const word = free || this.words[0];
      if (!word) return;
      this.anchor = this.words.indexOf(word);
      this.select({ start: word.start, end: word.end }, true);
    }

    move(step, { extend = false, byCharacter = false } = {}) {
      if (!this.range || this.words.length === 0) return;
      if (byCharacter) {
        const end = Math.min(this.chars.length, Math.max(this.range.start + 1, this.range.end + step));
        this.select({ start: this.range.start, end }, true);
        return;
      }
      const first = this.wordAt(this.range.start);
      const last = Math.max(first, this.words.findLastIndex((word) => word.start < this.range.end));
      const clamp = (index) => Math.min(this.words.length - 1, Math.max(0, index));
      if (!extend) this.anchor = clamp((step > 0 ? last : first) + step);
      else if (this.anchor !== last) this.anchor = first;
      const focus = extend ? clamp((this.anchor === first ? last : first) + step) : this.anchor;
      const [from, to] = [Math.min(this.anchor, focus), Math.max(this.anchor, focus)];
      this.select({ start: this.words[from].start, end: this.words[to].end }, true);
    }

    /* Index of the word at or after a position. */
    wordAt(position) {
      const index = this.words.findIndex((word) => word.end > position);
      return index < 0 ? this.words.length - 1 : index;
    }

    /* Mouse and touch: drag, or click the first and then the last word, or double-click. */
    listen() {
      const at = (event) => {
        const node = document.elementFromPoint(event.clientX, event.clientY)?.closest?.(".w");
        if (!node || !this.host.contains(node)) return null;
        const start = Number(node.dataset.s);
        return this.tokens.find((token) => token.start <= start && token.end > start);
      };
      const join = (a, b) => ({ start: Math.min(a.start, b.start), end: Math.max(a.end, b.end) });
      let from = null;
      let dragged = false;
      this.host.addEventListener("pointerdown", (event) => {
        dragged = false;
        from = event.pointerType !== "touch" && event.button === 0 ? at(event) : null;
        if (from) event.preventDefault();
      });
      this.host.addEventListener("pointermove", (event) => {
        if (!from || !(event.buttons & 1)) return;
        const token = at(event);
        if (!token || (token === from && !dragged)) return;
        dragged = true;
        this.pending = false;
        this.select(this.trim(join(from, token)));
      });
      this.host.addEventListener("click", (event) => {
        if (dragged) {
          dragged = false;
          return;
        }
        const token = at(event);
        if (!token || token.gap) return;
        const extend = this.pending && this.range && event.detail < 2;
        const range = extend ? join(this.range, token) : { start: token.start, end: token.end };
        this.select(range);
        this.pending = !extend;
        this.anchor = undefined;
      });
    }

    /* A drag that ends on a space means the words inside it. */
    trim({ start, end }) {
      const inside = this.words.filter((word) => word.start >= start && word.end <= end);
      return inside.length ? { start: inside[0].start, end: inside[inside.length - 1].end } : { start, end };
    }

    draw() {
      const shown = this.shown;
      const cuts = new Set();
      for (const { start, end } of [...this.tokens, ...shown, ...(this.range ? [this.range] : [])]) cuts.add(start).add(end);
      const edges = [...cuts].sort((a, b) => a - b);
      const fragment = document.createDocumentFragment();
      let mark = null;
      for (let index = 0; index + 1 < edges.length; index += 1) {
        const [start, end] = [edges[index], edges[index + 1]];
        const span = shown.find((one) => one.start <= start && one.end >= end);
        if (!span) mark = null;
        else if (!mark || mark.of !== span) {
          mark = { of: span, node: document.createElement("span") };
          mark.node.className = `span p${this.styles.get(span.param)}`;
          mark.node.dataset.param = span.param;
          fragment.append(mark.node);
        }
        (mark ? mark.node : fragment).append(this.piece(start, end));
      }
      this.host.replaceChildren(fragment);
    }

    piece(start, end) {
      const node = document.createElement("span");
      const token = this.tokens.find((one) => one.start <= start && one.end >= end);
      const isHeld = this.range && start >= this.range.start && end <= this.range.end;
      node.className = `w${token?.chip ? " chip" : ""}${isHeld ? " hold" : ""}`;
      node.dataset.s = start;
      node.textContent = this.text({ start, end });
      return node;
    }
  }

  /* The table of parameters below the text and the strip that names the selection.
     The item on the desk holds the state: intent, known (its catalogue entry), params,
     notSpoken, editor. tell(message | null) says what is missing. */
  function parameterPanel({ tell }) {
    let item = null;

    const spansOf = (name) => item.editor.shown.filter((span) => span.param === name);
    const isAnswered = (param) => spansOf(param.name).length > 0 || item.notSpoken.has(param.name);
    const missing = () => item.params.find((param) => param.required && !isAnswered(param));

    function drawParams() {
      for (const { param } of item.editor.shown) item.notSpoken.delete(param);
      const table = $("params");
      table.hidden = item.params.length === 0;
      const known = item.known;
      table.caption.textContent = known?.schema ? `${known.function} · version ${known.schema}` : "";
      const idle = item.params.filter((param) => !param.required && !isAnswered(param));
      const told = idle.length > MOST_IDLE ? item.params.filter((param) => !idle.includes(param)) : item.params;
      const rows = told.map(paramRow);
      if (told !== item.params) rows.push(idleRow(idle));
      table.tBodies[0].replaceChildren(...rows);
    }

    function paramRow(param) {
      const head = make("th", { scope: "row" }, make("span", { class: `dot p${item.params.indexOf(param) % 5}` }), param.name);
      const spans = spansOf(param.name);
      const [state, says, act, run] = spans.length
        ? ["ok", [spans.map((span) => `“${item.editor.text(span)}”`).join(", ")], "Remove", () => item.editor.remove((span) => span.param === param.name)]
        : item.notSpoken.has(param.name)
          ? ["ok", ["Not spoken"], "Remove", () => setNotSpoken(param.name, false)]
          : [param.required ? "need" : "soft", wanted(param), param.required ? "Not spoken" : "", () => setNotSpoken(param.name, true)];
      const row = make("tr", {}, head, make("td", { class: state }, state === "ok" ? "✓ " : "", ...says), make("td", {}, ...(act ? [rowButton(act, param, run)] : [])));
      row.dataset.needed = String(state === "need");
      return row;
    }

    function rowButton(act, param, run) {
      const button = make("button", { type: "button", class: "link" }, act, make("span", { class: "sr" }, ` ${param.name}`));
      button.addEventListener("click", () => {
        run();
        $("utterance").focus({ preventScroll: true });
      });
      return button;
    }

    /* Many optional parameters that nobody has marked are told in one line. */
    function idleRow(idle) {
      const names = idle.map((param) => param.name).join(", ");
      return make("tr", {}, make("th", { scope: "row" }, `${idle.length} optional`), make("td", { class: "soft idle", colSpan: 2 }, make("small", {}, names)));
    }

    const KINDS = { string: "words", integer: "a number", number: "a number", boolean: "yes or no", date: "a date", array: "a list" };

    function wanted(param) {
      const kind = param.enum?.length ? `one of ${param.enum.slice(0, 6).join(", ")}` : KINDS[param.type] || param.type;
      const stands = param.placeholder ? ` or [${param.placeholder}]` : "";
      if (!param.required) return [`Optional: ${kind}${stands}`];
      return [`Needed: mark ${kind}${stands}, or `, make("kbd", {}, "-"), " not spoken"];
    }

    function setNotSpoken(name, value) {
      if (value) item.notSpoken.add(name);
      else item.notSpoken.delete(name);
      drawParams();
    }

    function notSpoken() {
      const open = missing();
      if (!open) return;
      setNotSpoken(open.name, true);
      say(`${open.name}: not spoken.`);
      tell(null);
    }

    function drawMarker(range) {
      const marker = $("marker");
      const isNew = JSON.stringify(range) !== JSON.stringify(item.markedRange);
      if (isNew) item.narrow = "";
      item.markedRange = range;
      keys.mode = range ? "span" : "desk";
      $("utterance").toggleAttribute("data-marking", Boolean(range));
      marker.hidden = !range;
      drawParams();
      if (!range) return;
      const buttons = candidates(range).slice(0, MOST_DIGITS).map((param, index) => {
        const button = make("button", { type: "button" }, make("kbd", {}, String(index + 1)), param.name);
        button.addEventListener("click", () => mark(index));
        return button;
      });
      const leave = make("button", { type: "button" }, make("kbd", {}, "esc"), "Leave");
      leave.addEventListener("click", () => item.editor.select(null));
      marker.replaceChildren(make("q", {}, `“${item.editor.text(range)}”`), make("span", {}, markerHint()), ...buttons, leave);
    }

    function markerHint() {
      if (!item.intent) return "Choose the intent first; its parameters appear here.";
      if (!item.params.length) return "This intent has no parameters.";
      if (item.params.length <= MOST_DIGITS) return "is";
      return item.narrow ? `is ${item.narrow}…` : "is (letters narrow the list)";
    }

    /* The parameters that the digits stand for. Few: always in the schema's order. Many:
       those that the letters typed begin a word of, the one whose placeholder it is first. */
    function candidates(range) {
      if (item.params.length <= MOST_DIGITS) return item.params;
      const words = item.editor.text(range);
      const isOf = (param) => Boolean(param.placeholder) && words.startsWith(`[${param.placeholder}`);
      const fits = item.params.filter((param) => param.name.split("_").some((word) => word.startsWith(item.narrow)));
      return [...fits.filter(isOf), ...fits.filter((param) => !isOf(param))];
    }

    function narrow(letter) {
      if (item.params.length <= MOST_DIGITS) return;
      item.narrow += letter.toLowerCase();
      if (!candidates(item.editor.range).length) item.narrow = letter.toLowerCase();
      drawMarker(item.editor.range);
    }

    function erase() {
      if (item.narrow) {
        item.narrow = item.narrow.slice(0, -1);
        drawMarker(item.editor.range);
      } else item.editor.removeSelected();
    }

    function mark(index) {
      const range = item.editor.range;
      const param = range && candidates(range)[index];
      if (!param) return;
      const words = item.editor.text(range);
      item.editor.mark(param.name, { many: param.type === "array" });
      if (item.params.every(isAnswered)) item.editor.select(null);
      say(`${param.name}: ${words}.`);
      tell(null);
    }

    return {
      attach: (one) => (item = one),
      missing, drawParams, drawMarker, notSpoken, narrow, erase, mark,
    };
  }

  Object.assign(window.IVR, { SpanEditor, parameterPanel, tokenize });
})();
