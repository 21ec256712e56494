/* The warm-up: five made-up items between the person's keys and the desk as it is.
   Stands in for what the desk asks of the server, and says what to try. */
(() => {
  "use strict";
  const { make, say, keys, drawKeys, watchPaint, isSettled, gettext, ngettext, fill, weave } = window.IVR;
  const $ = (id) => document.getElementById(id);
  // Those of the lessons, and those whose keys the item itself shows.
  const PRACTISED = /^(submit|choose|none|find|mark|skip|undo|not-spoken|misheard|value|span-(?!personal).*)$/;
  const MODIFIERS = new Set(["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock"]);
  const AMOUNT = "twelve dollars";
  const READ = { [AMOUNT]: "12", twelve: "12" };

  /* ---- what to try ---- */

  /* A step of a lesson: its line, in words and keys, and what the answer must be. */
  const key = (id, at = 0) => keys.named(id).shown[at];
  /* The key, else what does the same without: [part of a line] */
  const press = (id, otherwise, at = 0) => [key(id, at) ? { key: key(id, at) } : otherwise];
  const digits = (id, digit, otherwise) => press(id, otherwise).map((part) => (part.key ? { key: part.key.replace(/\d–\d/, digit) } : part));
  const accept = () => press("submit", gettext("“Submit”"));
  const isAnswer = (intent) => ({ kind, body }) => kind === "answer" && body.intent === intent;
  const isMarked = ({ kind, body }) => kind === "answer" && JSON.parse(body.spans).some((span) => span.param === "amount" && span.text === AMOUNT);

  function search(word) {
    const letters = [...word].map((letter) => ({ key: letter }));
    if (key("find") === "Letter") return letters;
    if (key("find") === "Alt+Letter") return [{ key: `Alt+${word[0]}` }, ...letters.slice(1)];
    return weave(gettext("%(field)s and %(letters)s"), { field: press("find", gettext("in the field")), letters });
  }

  const lessons = ({ digitSubmits }) => [
    [{ line: () => weave(gettext("The suggestion is right: %(submit)s accepts it."), { submit: accept() }), fits: isAnswer("pay_bill") }],
    [{ line: () => weave(digitSubmits ? gettext("The second suggestion is the right one: press %(choose)s.") : gettext("The second suggestion is the right one: press %(choose)s, then %(submit)s."), { choose: digits("choose", 2, gettext("it")), submit: accept() }), fits: isAnswer("explain_charge") }],
    [{ line: () => weave(gettext("No suggestion fits. Type %(letters)s to search, %(enter)s to take the first, %(submit)s to accept it."), { letters: search("out"), enter: { key: "Enter" }, submit: accept() }), fits: isAnswer("report_outage") }],
    [{ line: () => weave(gettext("The amount is needed: %(mark)s marks “twelve”, %(extend)s takes in “dollars”, %(param)s says it is the amount. Then %(submit)s."), {
      mark: press("mark", gettext("a click")), extend: press("span-extend", gettext("another"), 1), param: digits("span-param", 1, gettext("its button")), submit: accept() }), fits: isMarked }],
    [
      { line: () => weave(gettext("Say you cannot judge this one: %(skip)s skips it, %(first)s is the first reason."), { skip: press("skip", gettext("“Skip”")), first: { key: "1" } }), fits: ({ kind }) => kind === "skip" },
      { line: () => weave(gettext("Skipped. On second thoughts: %(undo)s takes the last answer back, here and at the desk."), { undo: press("undo", gettext("“Undo”")) }), fits: ({ kind }) => kind === "undo" },
      { line: () => weave(gettext("It is back as it was: %(submit)s accepts it."), { submit: accept() }), fits: ({ kind }) => kind === "answer" },
    ],
  ];

  const shown = (line) => line.flatMap((part) => (part.key ? drawKeys([part.key]) : [part]));
  const spoken = (line) => line.map((part) => (part.key ? part.key.replace("Mod", "Control").replace("ArrowRight", "right arrow") : part)).join("");

  /* ---- the desk's flow, on items that nobody waits for ---- */

  function flow({ open, onShown }) {
    const { dataset: url } = $("desk");
    const slot = $("slot");
    const forms = [...document.querySelectorAll("template.practice")].map((one) => one.content.querySelector("#item"));
    const course = lessons(keys.own);
    const opened = new Map();
    const done = new Set(); // lessons
    let item = null;
    let at = 0;
    let step = 0;
    let pressed = 0; // keys, since the step began
    let total = 0;
    let last = null; // what is shown after the last step, as an item is

    addEventListener("keydown", (event) => {
      if (!event.repeat && !MODIFIERS.has(event.key)) pressed += 1;
    }, { capture: true });

    function put(form) {
      slot.replaceChildren(form);
      item = opened.get(form) || open(form);
      opened.set(form, item);
      watchPaint(item);
      keys.mode = "desk";
      $("acts").hidden = false;
      onShown(item);
    }

    function leaveEmpty() {
      onShown(null);
      $("about").hidden = true;
    }

    /* said: how the step before went; the line of this one follows. */
    function instruct(said) {
      const line = course[at][step].line();
      pressed = 0;
      $("lesson").hidden = false;
      $("step").textContent = fill(gettext("Warm-up, %(step)s of %(all)s"), { step: at + 1, all: course.length });
      $("right").hidden = !said;
      $("right").textContent = said;
      $("task").replaceChildren(...shown(line));
      $("utterance")?.focus({ preventScroll: true });
      say([said, spoken(line), item ? item.text : ""].filter(Boolean).join(" "));
      scrollTo({ top: 0 });
    }

    function praise() {
      total += pressed;
      return pressed ? fill(ngettext("Right: one key.", "Right: %(n)s keys.", pressed), { n: pressed }) : gettext("Right.");
    }

    function go(lesson, said) {
      at = lesson;
      step = 0;
      if (at < course.length) {
        put(forms[at]);
        instruct(said);
      } else finish(said);
    }

    /* A step within a lesson: after a skip the item is off the desk until it is back. */
    function goOn(said) {
      step += 1;
      if (course[at][step].fits({ kind: "undo" })) {
        item = null;
        keys.mode = "page";
        slot.replaceChildren();
        leaveEmpty();
      } else put(forms[at]);
      instruct(said);
    }

    function decide(kind, body) {
      if (course[at][step].fits({ kind, body })) {
        const said = praise();
        if (step + 1 < course[at].length) goOn(said);
        else {
          done.add(at);
          go(at + 1, said);
        }
      } else if (kind === "skip") go(at + 1, gettext("Skipped."));
      else instruct(gettext("Nearly. Here it is about this:"));
    }

    function undo() {
      if (at < course.length && course[at][step].fits({ kind: "undo" })) goOn(praise());
      else if (at > 0 && at < course.length) go(at - 1, gettext("Taken back."));
      else say(gettext("Nothing to take back."));
    }

    /* ---- the end ---- */

    /* -> whether the server noted it */
    async function note(how) {
      const body = new URLSearchParams({ how });
      const response = await fetch(url.ended, { method: "POST", body, keepalive: true, headers: { "HX-Request": "true", "X-CSRFToken": url.csrf } }).catch(() => null);
      return Boolean(response?.ok);
    }

    async function leave() {
      await note("skipped");
      location.assign(url.page);
    }

    async function finish(said) {
      item = null;
      keys.mode = "finish";
      $("acts").hidden = true;
      $("lesson").hidden = true;
      leaveEmpty();
      const title = make("h2", { tabIndex: -1 }, gettext("Warmed up"));
      const isAll = done.size === course.length;
      const whole = total ? fill(ngettext("All five are done, with %(n)s key.", "All five are done, with %(n)s keys.", total), { n: total }) : gettext("All five are done.");
      const result = isAll ? whole : fill(gettext("%(n)s of the five done; “Once more” has the others, too."), { n: done.size });
      const told = make("p", {}, `${said} ${result} `, ...weave(gettext("%(keys)s shows every key, at the desk too."), { keys: shown(press("keys", gettext("“keys”"))) }));
      const ways = make("p", { class: "ways" },
        make("a", { class: "button go", href: url.page }, ...drawKeys(keys.named("submit").shown.slice(0, 1)), " ", gettext("To the desk")),
        make("a", { class: "button", href: url.ended }, gettext("Once more")));
      last = { form: make("div", { id: "finish", class: "finish" }, title, told, ways) };
      slot.replaceChildren(last.form);
      watchPaint(last);
      title.focus({ preventScroll: true });
      say(`${told.textContent} ${fill(gettext("%(key)s goes to the desk."), { key: spoken(accept()) })}`);
      if (!(await note(isAll ? "done" : "skipped"))) told.append(" ", gettext("The server could not note it, so the desk may offer the warm-up again."));
    }

    function begin() {
      go(0, "");
      $("leave").addEventListener("click", (event) => {
        event.preventDefault();
        leave();
      });
      keys.add(
        { id: "warm-up-leave", mode: "page", group: gettext("The warm-up"), keys: ["Escape"], name: gettext("Leave the warm-up"), when: () => !last && !document.querySelector("details.menu[open]"), run: leave },
        { id: "warm-up-on", mode: "finish", group: gettext("The warm-up"), keys: keys.named("submit").keys.slice(0, 1), name: gettext("To the desk, once it is done"), when: () => isSettled(last), run: () => location.assign(url.page) },
      );
    }

    return {
      begin, decide, undo, correct: () => undefined,
      isReady: () => Boolean(item),
      isSettled: (event) => isSettled(item, event),
    };
  }

  /* ---- what the desk has of the server and of other days ---- */

  const add = keys.add;
  keys.add = (...commands) => add(...commands.filter(({ id }) => PRACTISED.test(id) || id.startsWith("warm-up")));
  const readings = () => {
    const peek = (item, param, words) => ({ value: READ[words] ?? words, problem: "" });
    return { peek, seed: () => undefined, read: async (...asked) => peek(...asked) };
  };
  const nothing = () => undefined;
  Object.assign(window.IVR, {
    flow, readings,
    lastAnswer: () => ({ keep: nothing, repeat: nothing }),
    lookBack: () => ({ reset: nothing }),
    coach: nothing, // the lines say the keys already
  });
})();
