/* A page that shows what callers said, covered while nobody is at it. Whoever wakes it
   has to be signed in as before. */
(() => {
  "use strict";
  const { coverWhenIdle, signingIn, gettext } = window.IVR;
  const url = document.currentScript.dataset; // components/covered.html
  const kept = gettext("This page stays as it is, with what you entered.");
  const { reenter } = signingIn({ url, kept: () => kept });
  const pause = () => document.querySelector("main bdi") && [kept];
  coverWhenIdle({ limit: 1000 * Number(url.idle), pause, resume: reenter, shown: () => undefined });
})();
