/* When an item counts as seen: a decision made before that meant the item before it. */
(() => {
  "use strict";
  const SETTLE = 200; // ms after the paint

  function watchPaint(one) {
    one.paintedAt = Infinity;
    delete one.form.dataset.painted;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      one.paintedAt = performance.now();
      one.form.dataset.painted = "";
    }));
  }

  /* event: the key press or click meant. */
  const isSettled = (item, event) => Boolean(item) && (event?.timeStamp ?? performance.now()) - item.paintedAt >= SETTLE;

  Object.assign(window.IVR, { watchPaint, isSettled });
})();
