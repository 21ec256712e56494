/* A page that shows what callers said, covered while nobody is at it. Whoever wakes it
   has to be signed in as before. */
(() => {
  "use strict";
  const { coverWhenIdle, signingIn } = window.IVR;
  const url = document.currentScript.dataset; // components/covered.html
  const { reenter } = signingIn({ url, kept: () => "This page stays as it is, with what you entered." });
  const pause = () => document.querySelector("main bdi") && ["This page stays as it is, with what you entered."];
  coverWhenIdle({ limit: 1000 * Number(url.idle), pause, resume: reenter, shown: () => undefined });
})();
