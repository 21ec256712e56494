/* Reported personal data: words are marked, each run with its own type. */
(() => {
  "use strict";
  const { keys, carry, isCaseSeen, gettext } = window.IVR;
  const $ = (id) => document.getElementById(id);
  const form = $("decide");
  if (!form) return;
  const words = [...form.querySelectorAll("input[name=word]")];
  const isOpen = () => !form.querySelector("fieldset").disabled && isCaseSeen();
  const type = $("type");

  /* A word keeps the type that was chosen when it was marked. */
  function mark(word) {
    const label = word.parentElement;
    if (word.checked) label.dataset.type = type.value;
    else delete label.dataset.type;
  }

  function move(step) {
    const at = words.indexOf(document.activeElement);
    const next = words[Math.min(words.length - 1, Math.max(0, at < 0 ? 0 : at + step))];
    next?.focus();
  }

  form.addEventListener("change", (event) => {
    if (event.target.name === "word") mark(event.target);
  });
  form.addEventListener("submit", (event) => {
    const marked = words.filter((word) => word.checked);
    if (event.submitter?.value !== "release" && !marked.length) {
      event.preventDefault();
      $("refusal").hidden = false;
      $("refusal").textContent = gettext("Mark the words that are personal data first: arrows and space, or click them.");
      return;
    }
    carry(form, Object.fromEntries(marked.map((word) => [`type-${word.value}`, word.parentElement.dataset.type || type.value])));
  });
  words.filter((word) => word.checked).forEach(mark);

  keys.add(
    { id: "word-move", mode: "review", group: gettext("This report"), keys: ["ArrowLeft", "ArrowRight"], repeats: true, name: gettext("Another word; space marks it"), when: isOpen, run: (event) => move(event.key === "ArrowLeft" ? -1 : 1) },
    { id: "word-mark", mode: "review", group: gettext("This report"), keys: ["Space"], name: gettext("Mark the word, or not"), when: () => isOpen() && words.includes(document.activeElement), run: () => document.activeElement.click() },
    { id: "word-type", mode: "review", group: gettext("This report"), keys: ["y"], name: gettext("Choose what kind of data it is"), when: isOpen, run: () => type.focus() },
    { id: "word-out", mode: "review", group: gettext("This report"), keys: ["Enter"], name: gettext("Take the marked words out"), when: isOpen, run: () => $("redact").click() },
    { id: "word-release", mode: "review", group: gettext("This report"), keys: ["r"], name: gettext("No personal data: release"), when: isOpen, run: () => $("release").click() },
  );
})();
