/* Marking parameters in a text. Offsets are code points, half-open, as the server counts. */
(() => {
  "use strict";
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
    constructor(host, text, { spans = [], turn = null, onChange, onSelect }) {
      this.turn = turn; // of an earlier turn, its place in the context
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
      this.spans.push({ start: range.start, end: range.end, param, turn: this.turn });
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

    /* Without a word: another text has the selection now. */
    clear() {
      this.range = null;
      this.pending = this.byKeyboard = false;
      this.draw();
    }

    /* The parameter is marked in another text. */
    forget(param) {
      this.spans = this.spans.filter((span) => span.param !== param);
      this.draw();
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
      // Left of the first word is the last one: what is said last is near, too.
      if (!extend) this.anchor = ((step > 0 ? last : first) + step + this.words.length) % this.words.length;
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

  Object.assign(window.IVR, { SpanEditor, tokenize });
})();
