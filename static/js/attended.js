/* A page that sends whole forms: covered while nobody is there, deaf to what is decided
   before it has been seen, and a form leaves only once its person is known to be signed
   in, so that what they entered is never lost. */
(() => {
  "use strict";
  const { make, banner, signingIn, coverWhenIdle, watchPaint, isSettled, lookAway, millisecondsSeen, gettext } = window.IVR;

  const LOST = 5000; // ms after which a form that is still here may be sent again

  /* Hidden fields that go with a form: each once, however often it is sent. */
  function carry(form, fields) {
    for (const [name, value] of Object.entries(fields)) {
      const field = form.querySelector(`input[type=hidden][name="${name}"]`) || make("input", { type: "hidden", name });
      field.value = value;
      form.append(field);
    }
  }

  /* place: what the forms are in; its data say whose page it is (components/attended.html). */
  function attended(place) {
    const url = place.dataset;
    const seen = { form: place };
    const { look, reenter } = signingIn({ url, kept: () => gettext("What you entered on this page stays as it is.") });
    let isSending = false;
    let sentAt = 0;
    let pressed = null; // the field of the button that sent a form, which submit() leaves out

    addEventListener("pageshow", (event) => {
      isSending = false;
      if (event.persisted) watchPaint(seen);
    });
    watchPaint(seen);

    async function isSignedIn() {
      const found = await look();
      if (found === "unreachable") banner(gettext("The server cannot be reached. What you entered is still here: send it again in a moment."), "bad");
      else if (found === "out") await reenter();
      return found !== "unreachable";
    }

    const sends = (form) => form?.method === "post" && place.contains(form);

    // A key or click so soon was meant for the page before: nobody has seen this one.
    for (const kind of ["click", "submit"]) {
      document.addEventListener(kind, (event) => {
        if (!sends(event.target.closest?.("form")) || isSettled(seen, event)) return;
        event.preventDefault();
        event.stopImmediatePropagation();
      }, true);
    }
    // A held Enter must not press a button that has the focus.
    document.addEventListener("keydown", (event) => {
      if (event.repeat && event.key === "Enter" && !event.target.closest?.("textarea")) event.preventDefault();
    }, true);

    // Whatever else listens to the form has had its say by now.
    document.addEventListener("submit", async (event) => {
      const { target: form, submitter } = event;
      if (event.defaultPrevented || !sends(form)) return;
      event.preventDefault();
      if (isSending && performance.now() - sentAt < LOST) return;
      isSending = true;
      sentAt = performance.now();
      isSending = await isSignedIn();
      if (!isSending) return;
      banner(null);
      pressed?.remove();
      pressed = submitter?.name ? make("input", { type: "hidden", name: submitter.name, value: submitter.value }) : null;
      if (pressed) form.append(pressed);
      form.submit();
    });

    return {
      reenter,
      get isSending() {
        return isSending;
      },
      isSettled: (event) => isSettled(seen, event),
      millisecondsSeen: () => millisecondsSeen(seen),
      /* pause(ms without a key) -> sentences, as in coverWhenIdle */
      cover: ({ pause, resume = reenter }) => coverWhenIdle({
        limit: 1000 * Number(url.idle), resume,
        pause(idle) {
          lookAway(seen, idle);
          return pause(idle);
        },
        shown: () => watchPaint(seen),
      }),
    };
  }

  Object.assign(window.IVR, { attended, carry });
})();
