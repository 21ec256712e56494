/* What is said of an utterance, at the desk and where a reviewer labels it afresh: the
   keys for it, under the names that presets and a person's own keys refer to. */
(() => {
  "use strict";
  const { say, keys, digit, gettext, fill } = window.IVR;
  const $ = (id) => document.getElementById(id);

  /* mode and group: of the keys while no words are selected. item() is answered as long
     as when() is true; choose(name) takes an intent, submit(event) sends the answer. */
  function answering({ mode, group, submitName, item, when, panel, acts, picker, choose, submit, outOfScope }) {
    const told = () => {
      const { editor } = item();
      if (editor.range) say(editor.text(editor.range));
    };

    function startMarking() {
      $("utterance").focus({ preventScroll: true });
      item().editor.enter();
      $("marker").scrollIntoView({ block: "nearest" });
      const word = item().editor.range;
      if (word) say(fill(gettext("Marking. %(words)s."), { words: item().editor.text(word) }));
    }

    function move(step, options) {
      item().editor.move(step, options);
      told();
    }

    function climb(step) {
      item().editor.climb(step);
      told();
    }

    const saying = [
      { id: "none", keys: ["0"], name: gettext("None of these: out of scope"), run: () => choose(outOfScope) },
      { id: "find", keys: ["Letter"], name: gettext("Search all intents (bil: keeps to a domain)"), run: (event) => picker.open(keys.named("find").keys.includes("Letter") ? event.key : "") },
      { id: "mark", keys: ["Space"], name: gettext("Mark a parameter"), run: startMarking },
      { id: "not-spoken", keys: ["-"], name: gettext("The needed parameter was not spoken"), run: panel.notSpoken },
      { id: "value", keys: ["."], name: gettext("Change the value of what is marked"), run: panel.editValue },
      { id: "act", keys: [","], name: gettext("What this turn does: the next of the six"), run: () => acts.step(1) },
      { id: "act-back", keys: ["<"], name: gettext("What this turn does: the one before"), run: () => acts.step(-1) },
      { id: "misheard", keys: ["*"], name: gettext("A word was misheard, or was not"), run: acts.misheard },
    ];
    const marking = [
      { id: "span-move", keys: ["ArrowLeft", "ArrowRight"], repeats: true, name: gettext("Another word"), run: (_, at) => move(at ? 1 : -1) },
      { id: "span-extend", keys: ["Shift+ArrowLeft", "Shift+ArrowRight"], repeats: true, name: gettext("More or fewer words"), run: (_, at) => move(at ? 1 : -1, { extend: true }) },
      { id: "span-turn", keys: ["ArrowUp", "ArrowDown"], repeats: true, name: gettext("The turn before or after"), run: (_, at) => climb(at ? 1 : -1) },
      { id: "span-fine", keys: ["Alt+ArrowLeft", "Alt+ArrowRight"], repeats: true, name: gettext("One character less or more"), run: (_, at) => move(at ? 1 : -1, { byCharacter: true }) },
      { id: "span-param", keys: ["1–9"], name: gettext("It is this parameter"), run: (event) => panel.mark(digit(event) - 1) },
      { id: "span-remove", keys: ["Backspace"], name: gettext("Remove the mark here"), run: panel.erase },
      { id: "span-narrow", keys: ["Letter"], name: gettext("Of many parameters, those that begin so"), run: (event) => panel.narrow(event.key) },
      { id: "span-silent", keys: ["-"], name: gettext("The needed parameter was not spoken"), run: panel.notSpoken },
      { id: "span-leave", keys: ["Escape", "Space"], name: gettext("Done marking"), run: () => item().editor.select(null) },
      { id: "span-submit", keys: ["Enter"], name: submitName, run: submit },
    ];
    const commands = [
      ...saying.map((one) => ({ mode, group, when, ...one })),
      ...marking.map((one) => ({ mode: "span", group: gettext("While marking"), ...one })),
    ];
    return { startMarking, commands };
  }

  /* The first thing that keeps the answer from being sent: {message, mend()}, else null. */
  function obstacle(panel, startMarking) {
    const open = panel.missing();
    if (open) {
      const [names, silent] = ["span-param", "span-silent"].map((id) => keys.told(id));
      const message = fill(names && silent ? gettext("%(name)s is needed: mark it in the text (%(names)s names it), or choose “Not spoken” (%(silent)s).")
        : names ? gettext("%(name)s is needed: mark it in the text (%(names)s names it), or choose “Not spoken”.")
          : silent ? gettext("%(name)s is needed: mark it in the text, or choose “Not spoken” (%(silent)s).")
            : gettext("%(name)s is needed: mark it in the text, or choose “Not spoken”."), { name: open.name, names, silent });
      return { message, mend: () => keys.mode !== "span" && startMarking() };
    }
    const unfit = panel.unfit();
    return unfit ? { message: fill(gettext("%(name)s %(problem)s."), unfit), mend: panel.editValue } : null;
  }

  Object.assign(window.IVR, { answering, obstacle });
})();
