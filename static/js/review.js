/* The reviewer's pages: to the next case and back, saving, taking back; covered while
   nobody is there, and deaf until the case has been seen. */
(() => {
  "use strict";
  const { keys, attended, gettext } = window.IVR;
  const $ = (id) => document.getElementById(id);
  const page = attended($("review"));
  const press = (id) => $(id)?.click();
  const there = (id) => () => Boolean($(id)) && !$(id).disabled;

  keys.mode = "review";
  keys.add(
    { id: "review-next", mode: "review", group: gettext("Review"), keys: ["j"], name: gettext("Next in the queue"), when: there("after"), run: () => press("after") },
    { id: "review-before", mode: "review", group: gettext("Review"), keys: ["k"], name: gettext("The one before"), when: there("before"), run: () => press("before") },
    { id: "review-undo", mode: "page", group: gettext("Review"), keys: ["Mod+z"], name: gettext("Take back the last decision"), when: there("take-back"), run: () => press("take-back") },
  );
  if ($("text")) keys.add({ id: "review-write", mode: "review", group: gettext("Review"), keys: ["a"], name: gettext("Write the answer"), run: () => $("text").focus() });
  if ($("why")) keys.add({ id: "review-reopen", mode: "review", group: gettext("Review"), keys: ["o"], name: gettext("Open it again: choose why, then once more"), run: () => ($("why").value ? press("reopen") : $("why").focus()) });

  const standing = [gettext("What you entered is kept. Another reviewer may settle this one meanwhile; then you are told when you save.")];
  if (document.querySelector(".review")) page.cover({ pause: () => standing });

  $("text")?.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey) && !event.repeat) press("save");
    else if (event.key === "Escape") event.target.blur();
    else return;
    event.preventDefault();
  });

  /* event: the key press meant. */
  Object.assign(window.IVR, { isCaseSeen: page.isSettled });
})();
