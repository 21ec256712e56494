/* When an item counts as seen: a decision made before that meant the item before it. */
(() => {
  "use strict";
  const SETTLE = 200; // ms after the paint

  function watchPaint(one) {
    one.seenBefore ??= 0; // ms, before somebody looked away
    one.paintedAt = Infinity;
    delete one.form.dataset.painted;
    requestAnimationFrame(() => requestAnimationFrame(() => {
      one.paintedAt = performance.now();
      one.form.dataset.painted = "";
    }));
  }

  /* event: the key press or click meant. */
  const isSettled = (item, event) => Boolean(item) && (event?.timeStamp ?? performance.now()) - item.paintedAt >= SETTLE;

  /* Nobody looks any more, and nobody has for the last `idle` ms. */
  function lookAway(one, idle) {
    if (one.paintedAt < Infinity) one.seenBefore += Math.max(0, performance.now() - one.paintedAt - idle);
    one.paintedAt = Infinity;
  }

  const millisecondsSeen = (one) => Math.max(0, Math.round(one.seenBefore + performance.now() - one.paintedAt));

  Object.assign(window.IVR, { watchPaint, isSettled, lookAway, millisecondsSeen });
})();
