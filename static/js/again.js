/* The answer before, given once more: its intent, the words it marked where this text
   has them too, and what was not spoken. The words are kept in this page alone. */
(() => {
  "use strict";
  const STORED = "ivr-last-intent"; // ids only outlive the page

  function lastAnswer() {
    let last = { intent: sessionStorage.getItem(STORED), marks: [], silent: [] };

    function keep(item, spans, silent) {
      last = { intent: item.intent, silent, marks: spans.map((span) => ({ param: span.param, words: item.editor.text(span) })) };
      sessionStorage.setItem(STORED, last.intent);
    }

    /* Where these words stand in the item's text, whole and unmarked; null where not. */
    function place(editor, wanted) {
      for (const first of editor.words) {
        for (const final of editor.words) {
          const range = { start: first.start, end: final.end };
          if (range.end > range.start && editor.text(range) === wanted && !editor.shown.some((span) => span.start < range.end && span.end > range.start)) return range;
        }
      }
      return null;
    }

    /* choose(name) puts the intent on the item first: its parameters depend on it. */
    function repeat(item, choose) {
      if (!last.intent) return;
      choose(last.intent);
      const [editor] = item.editor.editors; // the text's own, not an earlier turn's
      const isMarked = (name) => item.editor.shown.some((span) => span.param === name);
      for (const { param, words } of last.marks) {
        const range = !isMarked(param) && place(editor, words);
        if (!range) continue;
        editor.select(range);
        item.editor.mark(param);
      }
      const names = item.params.map((param) => param.name);
      for (const name of last.silent) if (names.includes(name) && !isMarked(name)) item.notSpoken.add(name);
      editor.onChange();
    }

    return { keep, repeat };
  }

  Object.assign(window.IVR, { lastAnswer });
})();
