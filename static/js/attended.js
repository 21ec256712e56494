/* A page that sends whole forms: covered while nobody is there, and a form leaves only
   once its person is known to be signed in, so that what they entered is never lost. */
(() => {
  "use strict";
  const { make, banner, signingIn, coverWhenIdle } = window.IVR;

  /* place: what the forms are in; its data say whose page it is (components/attended.html). */
  function attended(place) {
    const url = place.dataset;
    const signIn = signingIn({ url, kept: () => "What you entered on this page stays as it is." });
    let isSending = false;
    addEventListener("pageshow", () => (isSending = false));

    async function reenter() {
      await signIn.reenter();
      for (const token of document.getElementsByName("csrfmiddlewaretoken")) token.value = url.csrf;
    }

    async function isSignedIn() {
      const found = await signIn.look();
      if (found === "unreachable") banner("The server cannot be reached. What you entered is still here: send it again in a moment.", "bad");
      else if (found === "out") await reenter();
      return found !== "unreachable";
    }

    // Whatever else listens to the form has had its say by now.
    document.addEventListener("submit", async (event) => {
      const { target: form, submitter } = event;
      if (event.defaultPrevented || form.method !== "post" || !place.contains(form)) return;
      event.preventDefault();
      if (isSending) return;
      isSending = true;
      isSending = await isSignedIn();
      if (!isSending) return;
      banner(null);
      if (submitter?.name) form.append(make("input", { type: "hidden", name: submitter.name, value: submitter.value }));
      form.submit();
    });

    return {
      reenter,
      get isSending() {
        return isSending;
      },
      /* pause(ms without a key) -> sentences, as in coverWhenIdle */
      cover: ({ pause, resume = reenter, shown = () => undefined }) => coverWhenIdle({ limit: 1000 * Number(url.idle), pause, resume, shown }),
    };
  }

  Object.assign(window.IVR, { attended });
})();
