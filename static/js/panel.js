/* The table of parameters below the text, and the strip that names the selection. */
(() => {
  "use strict";
  const { keys, drawKeys, make, say, readings, valueField, gettext, fill, weave } = window.IVR;
  const $ = (id) => document.getElementById(id);
  const MOST_DIGITS = 9;
  const MOST_IDLE = 4; // more optional parameters than this are told in one line

  /* The item on the desk holds the state: intent, known (its catalogue entry), params,
     notSpoken, editor. tell(message | null) says what is missing; url and csrf are for
     reading values; resting is the mode of the keys while nothing is selected. */
  function parameterPanel({ tell, url, csrf, resting = "desk" }) {
    const reader = readings({ url, csrf });
    let item = null;
    let fields = new WeakMap(); // of a span: where its value stands

    const spansOf = (name) => item.editor.shown.filter((span) => span.param === name);
    const isAnswered = (param) => spansOf(param.name).length > 0 || item.notSpoken.has(param.name);
    const missing = () => item.params.find((param) => param.required && !isAnswered(param));

    function drawParams() {
      for (const { param } of item.editor.shown) item.notSpoken.delete(param);
      const table = $("params");
      table.hidden = item.params.length === 0;
      const known = item.known;
      table.caption.textContent = known?.schema ? fill(gettext("%(function)s · version %(schema)s"), known) : "";
      const idle = item.params.filter((param) => !param.required && !isAnswered(param));
      const told = idle.length > MOST_IDLE ? item.params.filter((param) => !idle.includes(param)) : item.params;
      const rows = told.map(paramRow);
      if (told !== item.params) rows.push(idleRow(idle));
      const held = document.activeElement;
      table.tBodies[0].replaceChildren(...rows);
      if (held?.isConnected && held.classList.contains("value")) held.focus({ preventScroll: true });
    }

    function amount(param, span) {
      const words = item.editor.text(span);
      const key = JSON.stringify([item.intent, param.name, words]);
      const known = fields.get(span);
      if (known?.key === key) return known.field.node;
      const field = valueField({ item, param, span, words, reader, done: () => $("utterance").focus({ preventScroll: true }) });
      fields.set(span, { key, field });
      return field.node;
    }

    const shownFields = () => item.editor.shown.map((span) => ({ span, field: fields.get(span)?.field })).filter(({ field }) => field);

    /* The first value that the server would refuse: {field, problem}, else undefined. */
    function unfit() {
      return shownFields().map(({ span, field }) => ({ field, name: span.param, problem: field.answer.problem })).find((one) => one.problem);
    }

    function editValue() {
      const found = unfit()?.field || shownFields()[0]?.field;
      if (!found) return say(gettext("Nothing is marked yet."));
      found.input.focus();
      found.input.select();
    }

    /* The marks as they are sent; without a value, the server reads the words. */
    function marks() {
      return item.editor.shown.map((span) => {
        const { start, end, param, turn } = span;
        const value = fields.get(span)?.field.answer.value;
        return { start, end, param, text: item.editor.text(span), ...(turn == null ? {} : { turn }), ...(value ? { value } : {}) };
      });
    }

    /* What a journal may keep of them: typed words are words. */
    function traces() {
      const isWords = (name) => item.params.some((param) => param.name === name && param.type === "string" && !param.enum);
      return item.editor.shown.map((span) => [span.start, span.end, span.param, span.turn ?? null, isWords(span.param) ? "" : fields.get(span)?.field.answer.value || ""]);
    }

    function attach(one) {
      item = one;
      if (!item || item.isRead) return;
      item.isRead = true;
      for (const span of item.editor.shownOrNot) {
        if (span.problem !== undefined) reader.seed(item, { ...span, text: item.editor.text(span) });
        else if (span.value) span.typed = span.value;
      }
    }

    function paramRow(param) {
      const head = make("th", { scope: "row" }, make("span", { class: `dot p${item.params.indexOf(param) % 5}` }), param.name);
      const spans = spansOf(param.name);
      const [state, says, act, run] = spans.length
        ? ["ok", spans.flatMap((span) => [quote(span), amount(param, span)]), gettext("Remove"), () => item.editor.remove((span) => span.param === param.name)]
        : item.notSpoken.has(param.name)
          ? ["ok", [gettext("Not spoken")], gettext("Remove"), () => setNotSpoken(param.name, false)]
          : [param.required ? "need" : "soft", wanted(param), param.required ? gettext("Not spoken") : "", () => setNotSpoken(param.name, true)];
      const row = make("tr", {}, head, make("td", { class: state }, state === "ok" ? "✓ " : "", ...says), make("td", {}, ...(act ? [rowButton(act, param, run)] : [])));
      row.dataset.needed = String(state === "need");
      return row;
    }

    function quote(span) {
      const where = span.turn == null ? "" : make("small", {}, ` ${fill(gettext("turn %(n)s"), { n: span.turn + 1 })}`);
      return make("span", {}, `“${item.editor.text(span)}”`, where);
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
      return make("tr", {}, make("th", { scope: "row" }, fill(gettext("%(n)s optional"), { n: idle.length })), make("td", { class: "soft idle", colSpan: 2 }, make("small", {}, names)));
    }

    const KINDS = { string: gettext("words"), integer: gettext("a number"), number: gettext("a number"), boolean: gettext("yes or no"), date: gettext("a date"), array: gettext("a list") };

    function wanted(param) {
      const kind = param.enum?.length ? fill(gettext("one of %(values)s"), { values: param.enum.slice(0, 6).join(", ") }) : KINDS[param.type] || param.type;
      const what = param.placeholder ? fill(gettext("%(kind)s or [%(placeholder)s]"), { kind, placeholder: param.placeholder }) : kind;
      if (!param.required) return [what === KINDS.string ? gettext("Optional") : fill(gettext("Optional: %(what)s"), { what })];
      const key = keys.named(keys.mode === "span" ? "span-silent" : "not-spoken")?.shown.at(-1);
      return key ? weave(gettext("Needed: mark %(what)s, or %(key)s not spoken"), { what, key: drawKeys([key]) }) : [fill(gettext("Needed: mark %(what)s"), { what })];
    }

    function setNotSpoken(name, value) {
      item.isTouched = true;
      if (value) item.notSpoken.add(name);
      else item.notSpoken.delete(name);
      drawParams();
    }

    function notSpoken() {
      const open = missing();
      if (!open) return;
      setNotSpoken(open.name, true);
      say(fill(gettext("%(name)s: not spoken."), open));
      tell(null);
    }

    function drawMarker(range) {
      const marker = $("marker");
      const isNew = JSON.stringify(range) !== JSON.stringify(item.markedRange);
      if (isNew) item.narrow = "";
      item.markedRange = range;
      keys.mode = range ? "span" : resting;
      $("utterance").toggleAttribute("data-marking", Boolean(range));
      marker.hidden = !range;
      drawParams();
      if (!range) return;
      const buttons = candidates(range).slice(0, MOST_DIGITS).map((param, index) => {
        const button = make("button", { type: "button" }, make("kbd", { "data-for": "span-param" }, String(index + 1)), param.name);
        button.addEventListener("click", () => mark(index));
        return button;
      });
      const leave = make("button", { type: "button" }, make("kbd", { "data-for": "span-leave", "data-key": "Escape" }, "esc"), gettext("Leave"));
      leave.addEventListener("click", () => item.editor.select(null));
      marker.replaceChildren(make("q", {}, `“${item.editor.text(range)}”`), make("span", {}, markerHint()), ...buttons, leave);
      keys.draw(marker);
    }

    function markerHint() {
      if (!item.intent) return gettext("Choose the intent first; its parameters appear here.");
      if (!item.params.length) return gettext("This intent has no parameters.");
      if (item.params.length <= MOST_DIGITS) return gettext("is");
      return item.narrow ? fill(gettext("is %(letters)s…"), { letters: item.narrow }) : gettext("is (letters narrow the list)");
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
      attach, unfit, editValue, marks, traces,
      missing, drawParams, drawMarker, notSpoken, narrow, erase, mark,
    };
  }

  Object.assign(window.IVR, { parameterPanel });
})();
