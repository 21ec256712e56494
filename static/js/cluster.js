/* From the desk to the page that confirms near-duplicates together. */
(() => {
  "use strict";
  const { gettext } = window.IVR;
  const link = () => document.querySelector("#item .alike a");
  // The page that follows holds these items: closing the desk must not give them back.
  document.addEventListener("click", (event) => {
    const followed = event.target.closest?.(".alike a");
    if (followed && !event.ctrlKey && !event.metaKey && !event.shiftKey) document.getElementById("desk").dataset.kept = followed.dataset.items;
  });
  window.IVR.keys.add({
    id: "cluster", mode: "desk", group: gettext("Other ways on"), keys: ["%"], name: gettext("Confirm together with those like it"),
    when: () => Boolean(link()), run: () => link().click(),
  });
})();
