/* The turns of a conversation at the desk: marks in the text and in what was said before, and what this turn does. */
(() => {
  "use strict";
  const { say, SpanEditor, gettext, fill } = window.IVR;

  /* One editor for the text and one for each earlier turn, used as one: a selection is
     in one of them, and spans of an earlier turn carry its place, `turn`. */
  class Marks {
    constructor(form, { spans, onChange, onSelect }) {
      const texts = [[null, form.querySelector("#utterance").firstElementChild]];
      for (const turn of form.querySelectorAll("[data-turn]")) texts.push([Number(turn.dataset.turn), turn.querySelector("bdi")]);
      this.onSelect = onSelect;
      this.editors = texts.map(([turn, host]) => {
        const editor = new SpanEditor(host, host.textContent, {
          turn,
          spans: spans.filter((span) => (span.turn ?? null) === turn),
          onChange,
          onSelect: (range) => this.selected(editor, range),
        });
        return editor;
      });
      [this.active] = this.editors;
    }

    selected(editor, range) {
      if (range && this.active !== editor) {
        this.active?.clear();
        this.active = editor;
      }
      if (!range) [this.active] = this.editors;
      this.onSelect(this.range);
    }

    get range() {
      const range = this.active?.range;
      return range ? { ...range, turn: this.active.turn } : null;
    }

    get shown() {
      return this.editors.flatMap((editor) => editor.shown);
    }

    get shownOrNot() {
      return this.editors.flatMap((editor) => editor.spans);
    }

    text(place) {
      return this.editors.find((editor) => editor.turn === (place.turn ?? null)).text(place);
    }

    use(params) {
      for (const editor of this.editors) editor.use(params);
    }

    select(range) {
      this.active.select(range);
    }

    mark(param, { many = false } = {}) {
      const { active } = this;
      if (!many) for (const editor of this.editors) if (editor !== active) editor.forget(param);
      return active.mark(param, { many });
    }

    remove(test) {
      return this.editors.filter((editor) => editor.remove(test)).length > 0;
    }

    removeSelected() {
      return this.active.removeSelected();
    }

    enter() {
      this.editors[0].enter();
    }

    move(step, options) {
      this.active.move(step, options);
    }

    /* Up to the turn before, down to the one after; the text is the last of them. */
    climb(step) {
      const order = [...this.editors.slice(1), this.editors[0]];
      const next = order[order.indexOf(this.active) + step];
      if (!next) return;
      next.enter();
      next.host.scrollIntoView({ block: "nearest" });
    }
  }

  /* What the turn does: guessed from the intent and from what is open until somebody
     chooses. The table of defaults comes with the item and with the intents. */
  function turnActs() {
    let item = null;
    const radios = () => [...item.form.querySelectorAll("input[name=act]")];
    const heard = () => item.form.querySelector("input[name=misheard]");

    function draw() {
      const box = item.form.querySelector("[data-acts]");
      if (!box || box.dataset.chosen) return;
      const defaults = JSON.parse(box.dataset.acts);
      const act = item.intent ? item.known?.act || defaults[item.intent] || defaults[""] : "";
      for (const radio of radios()) radio.checked = radio.value === act;
    }

    function step(by) {
      const all = radios();
      if (!all.length) return;
      const at = all.findIndex((radio) => radio.checked);
      const next = all[(at + by + all.length) % all.length];
      next.checked = true;
      chosen();
      say(fill(gettext("This turn: %(act)s."), { act: next.parentNode.textContent.trim() }));
    }

    function chosen() {
      item.form.querySelector("[data-acts]").dataset.chosen = "1";
    }

    function misheard() {
      heard().checked = !heard().checked;
      say(heard().checked ? gettext("A word was misheard.") : gettext("Nothing was misheard."));
    }

    return {
      attach(one) {
        item = one;
        item?.form.addEventListener("change", (event) => event.target.name === "act" && chosen());
      },
      draw, step, misheard,
      get answer() {
        return { act: radios().find((radio) => radio.checked)?.value || "", misheard: heard()?.checked ? "1" : "" };
      },
    };
  }

  Object.assign(window.IVR, { Marks, turnActs });
})();
