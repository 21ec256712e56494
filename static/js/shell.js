/* What every page shares: theme, announcements, the banner, and the table of keys. */
(() => {
  "use strict";
  const IVR = (window.IVR = {});
  const $ = (id) => document.getElementById(id);

  /* The installation's language: its catalogue where the page has loaded one. */
  const { gettext = (text) => text, ngettext = (one, many, n) => (n === 1 ? one : many) } = window.django || {};
  /* fill("%(n)s of %(all)s", { n, all }) */
  const fill = (text, values) => text.replace(/%\((\w+)\)s/g, (_, name) => values[name]);
  /* The same with nodes, or with lists of them: -> the parts, to be appended in turn. */
  const weave = (text, nodes) => text.split(/%\((\w+)\)s/).flatMap((part, at) => (at % 2 ? nodes[part] : part || []));
  Object.assign(IVR, { gettext, ngettext, fill, weave });

  IVR.make = (tag, props = {}, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(props)) {
      if (name === "class") node.className = value;
      else if (name in node) node[name] = value;
      else node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  };

  /* Read out politely; the same sentence twice is still two announcements. */
  IVR.say = (text) => {
    const live = $("live");
    live.textContent = "";
    requestAnimationFrame(() => (live.textContent = text));
  };

  IVR.banner = (text, tone = "") => {
    const banner = $("banner");
    banner.hidden = !text;
    banner.className = `banner ${tone}`;
    banner.textContent = text || "";
  };

  /* Polls: what did not change since is neither sent nor drawn again. */
  const etags = new Map();
  document.addEventListener("htmx:configRequest", ({ detail }) => {
    const isPoll = /\bevery\b/.test(detail.elt.getAttribute("hx-trigger") || "");
    const etag = isPoll && etags.get(detail.path);
    if (etag) detail.headers["If-None-Match"] = etag;
  });
  document.addEventListener("htmx:beforeSwap", ({ detail }) => {
    const etag = detail.xhr.getResponseHeader("ETag");
    if (detail.xhr.status === 304) detail.shouldSwap = false;
    else if (etag) etags.set(detail.pathInfo.requestPath, etag);
  });

  /* Theme: a cookie, so that the server draws the page right from the first byte. */
  const root = document.documentElement;
  const isDark = () =>
    root.dataset.theme
      ? root.dataset.theme === "dark"
      : matchMedia("(prefers-color-scheme: dark)").matches;
  function setTheme(theme) {
    root.dataset.theme = theme;
    const secure = location.protocol === "https:" ? "; Secure" : "";
    document.cookie = `theme=${theme}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
    $("theme")?.setAttribute("aria-pressed", String(theme === "dark"));
  }

  /* Keys. One table: handlers run from it and the key sheet is drawn from it. */
  const commands = [];
  let mode = "page";
  const own = JSON.parse(root.dataset.keys || "{}"); // how this person wants the desk: {keys: {id: [key]}, single, …}
  const keysOf = (command) => own.keys?.[command.id] || command.keys;

  const NAMES = {
    Enter: "↵", Space: gettext("space"), Escape: gettext("esc"), Backspace: "⌫", ArrowLeft: "←",
    ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓", Mod: gettext("ctrl"), Shift: gettext("shift"),
    Alt: gettext("alt"), Letter: "a–z",
  };
  const show = (key) => NAMES[key] || key;

  /* The digit a press means: by position, so that every layout and the pad work. */
  IVR.digit = (event) => {
    const held = /^(?:Digit|Numpad)(\d)$/.exec(event.code);
    if (held && !event.shiftKey) return Number(held[1]);
    return /^\d$/.test(event.key) ? Number(event.key) : null;
  };
  const hasOwnKey = (key) => commands.some((command) => keysOf(command).includes(key));

  function fits(spec, event) {
    const parts = spec.split("+").filter(Boolean);
    const key = parts.pop() ?? "+";
    const wants = (name) => parts.includes(name);
    if (wants("Mod") !== (event.ctrlKey || event.metaKey)) return false;
    const range = /^(\d)–(\d)$/.exec(key);
    if (range || /^\d$/.test(key)) {
      // Where a layout writes a sign of ours on the digit row, the sign is meant.
      if (/^[^\d]$/.test(event.key) && hasOwnKey(event.key)) return false;
      const digit = IVR.digit(event);
      return digit !== null && (range ? digit >= range[1] && digit <= range[2] : digit === Number(key));
    }
    if (key === "Letter") return /^\p{L}$/u.test(event.key);
    if (key === "Space") return event.code === "Space" && !event.shiftKey;
    if (key.length > 1) return event.key === key && wants("Shift") === event.shiftKey && wants("Alt") === event.altKey;
    return event.key.toLowerCase() === key;
  }
  const isCharacter = (spec) => !/.\+/.test(spec) && !/^(Enter|Escape|Arrow|Backspace|Home|End|F\d)/.test(spec);

  const store = (() => {
    try {
      localStorage.setItem("ivr-probe", "1");
      return localStorage;
    } catch {
      return { getItem: () => null, setItem: () => undefined };
    }
  })();
  const singleKeys = () => own.single || (store.getItem("ivr-single-keys") === "off" ? "alt" : "plain");

  function allowed(command, spec, event) {
    if (event.repeat && !command.repeats) return false;
    if (!isCharacter(spec)) return true;
    return { plain: !event.altKey, alt: event.altKey, off: false }[singleKeys()];
  }

  const isTyping = (target) =>
    target.closest?.("input:not([type=radio], [type=checkbox], [type=button], [type=submit]), textarea, select, [contenteditable]");
  /* What a focused control does with these keys is its own business. */
  const isNative = (target, event) =>
    (event.key === "Enter" && target.closest?.("a, button, summary")) ||
    (event.code === "Space" && target.closest?.("button, summary, input:not(:checked)"));

  /* As this person has to press it; none where single keys are switched off. */
  function pressed(key) {
    if (!isCharacter(key) || singleKeys() === "plain") return [key];
    return singleKeys() === "alt" ? [`Alt+${key}`] : [];
  }
  const shownOf = (command) => keysOf(command).flatMap(pressed);
  const nameOf = (key) => key.match(/[^+]+|\+$/g).map(show).join(" ");

  /* Of several keys the one to name: what the person chose, else the first that works. */
  function told(command) {
    const chosen = keysOf(command).filter((key) => !command.keys.includes(key));
    return [...chosen, ...keysOf(command)].flatMap(pressed)[0] || "";
  }

  /* For screen readers, in the words of aria-keyshortcuts. */
  const spoken = (key) => (key.startsWith("Mod+") ? ["Control", "Meta"].map((held) => key.replace("Mod", held)).join(" ") : key.replace(/\+$/, "Plus"));

  /* <kbd data-for="ID"> and its control show the key that the person has for a command,
     nothing where none works. On a page without the command its default is what is drawn. */
  function drawIn(place) {
    for (const mark of place.querySelectorAll("kbd[data-for]")) {
      const id = mark.dataset.for;
      const command = commands.find((one) => one.id === id) || { id, keys: [mark.dataset.key || mark.textContent] };
      const [digit] = /\d$/.exec(mark.textContent) || [];
      const key = told(command).replace(/\d–\d/, digit);
      const label = mark.closest("label");
      const control = label ? label.querySelector("input") : mark.closest("a, button");
      mark.hidden = !key;
      if (key) mark.textContent = nameOf(key);
      if (control && key) control.setAttribute("aria-keyshortcuts", spoken(key));
      else control?.removeAttribute("aria-keyshortcuts");
    }
  }

  const drawn = (command) => command && { ...command, keys: keysOf(command), shown: shownOf(command), isMany: command.repeats || keysOf(command).some((key) => /\d–\d/.test(key)) };
  IVR.drawKeys = (keys) => keys.map((key) => IVR.make("kbd", {}, nameOf(key)));

  IVR.keys = {
    add: (...more) => commands.push(...more),
    table: () => commands.map(({ run, ...rest }) => ({ ...rest, keys: keysOf(rest), works: typeof run === "function" })),
    own,
    draw: drawIn,
    named: (id) => drawn(commands.find((command) => command.id === id)),
    /* The key to name in a sentence, as it is drawn; "" where none works. */
    told: (id) => {
      const command = commands.find((one) => one.id === id);
      const key = command && told(command);
      return key ? nameOf(key) : "";
    },
    /* [[id, "%(key)s to search"]] -> "0 for none of these, a–z to search"; "" where none works */
    hint: (pairs) => pairs.map(([id, words]) => [IVR.keys.told(id), words]).filter(([key]) => key).map(([key, words]) => fill(words, { key })).join(", "),
    /* Those that would do something now; isMany: which, only the key can say. */
    usable: () => commands.filter((one) => [mode, "page"].includes(one.mode) && (!one.when || one.when())).map(drawn),
    get mode() {
      return mode;
    },
    set mode(value) {
      mode = value;
    },
    find: (event, inMode = mode) => {
      for (const command of commands) {
        if (command.mode !== "page" && command.mode !== inMode) continue;
        const at = keysOf(command).findIndex((key) => fits(key, event));
        if (at >= 0 && allowed(command, keysOf(command)[at], event)) return { ...command, at };
      }
      return null;
    },
  };

  document.addEventListener("keydown", (event) => {
    if (event.defaultPrevented || event.isComposing) return;
    if (document.querySelector("dialog[open]") || isTyping(event.target)) return;
    if (isNative(event.target, event)) return;
    const command = IVR.keys.find(event);
    if (!command || (command.when && !command.when())) {
      // A held Enter must not reach the form as a native submit either.
      if (event.repeat && event.key === "Enter") event.preventDefault();
      return;
    }
    event.preventDefault();
    command.run(event, command.at);
  });

  IVR.dialog = (id, title, ...body) => {
    $(id)?.remove();
    const close = IVR.make("button", { type: "button", class: "link" }, gettext("Close"));
    const node = IVR.make("dialog", { id, "aria-labelledby": `${id}-title` },
      IVR.make("header", {}, IVR.make("h2", { id: `${id}-title` }, title), close), ...body);
    close.addEventListener("click", () => node.close());
    node.addEventListener("close", () => node.remove());
    node.addEventListener("click", (event) => event.target === node && node.close());
    document.body.append(node);
    node.showModal();
    return node;
  };

  function keySheet() {
    const groups = Map.groupBy
      ? Map.groupBy(commands, (command) => command.group)
      : commands.reduce((map, c) => map.set(c.group, [...(map.get(c.group) || []), c]), new Map());
    const body = [];
    for (const [group, members] of groups) {
      const list = IVR.make("dl");
      for (const command of members) {
        const keys = shownOf(command);
        list.append(IVR.make("dt", { "data-command": command.id }, ...(keys.length ? IVR.drawKeys(keys) : [gettext("off")])), IVR.make("dd", {}, command.name));
      }
      body.push(IVR.make("h3", {}, group), list);
    }
    const box = IVR.make("input", { type: "checkbox", checked: singleKeys() === "plain" });
    box.addEventListener("change", () => {
      store.setItem("ivr-single-keys", box.checked ? "on" : "off");
      drawIn(document);
    });
    if (own.single) body.push(IVR.make("p", { class: "switch" }, IVR.make("a", { href: "/me/keys" }, gettext("Change your keys, or switch single keys off")), " · ", IVR.make("a", { href: "/label/warm-up" }, gettext("Practise them"))));
    else body.push(IVR.make("label", { class: "switch" }, box, gettext("Single keys (off: hold Alt with each)")));
    IVR.dialog("keysheet", gettext("Keys"), ...body).classList.add("keysheet");
  }

  /* The field is there at once: what is typed while its script is fetched is not the page's. */
  async function openPalette() {
    const usable = IVR.keys.usable();
    const input = IVR.make("input", { id: "palette-find", type: "search", role: "combobox", "aria-expanded": "true", "aria-controls": "palette-hits", "aria-autocomplete": "list", "aria-label": gettext("Find a command or a page"), placeholder: gettext("Type what you want to do"), autocomplete: "off" });
    const dialog = IVR.dialog("palette", gettext("Commands"), input);
    input.focus();
    const script = await import(root.dataset.palette).catch(() => null);
    if (script) script.palette(usable, dialog, input);
    else {
      dialog.close();
      IVR.banner(gettext("The server cannot be reached. Try again in a moment."), "bad");
    }
  }

  IVR.keys.add(
    { id: "keys", mode: "page", group: gettext("Everywhere"), keys: ["?"], name: gettext("Show this sheet"), run: keySheet },
    { id: "palette", mode: "page", group: gettext("Everywhere"), keys: ["Mod+k"], name: gettext("Find a command or a page"), run: openPalette },
  );

  addEventListener("DOMContentLoaded", () => {
    const theme = $("theme");
    theme.hidden = false;
    theme.setAttribute("aria-pressed", String(isDark()));
    theme.addEventListener("click", () => setTheme(isDark() ? "light" : "dark"));
    const keys = $("keys");
    keys.hidden = false;
    keys.addEventListener("click", keySheet);
    drawIn(document);
    document.addEventListener("click", (event) => {
      for (const menu of document.querySelectorAll("details.menu[open]")) if (!menu.contains(event.target)) menu.open = false;
    });
    document.addEventListener("keydown", (event) => {
      const menu = event.key === "Escape" && event.target.closest?.("details.menu[open]");
      if (menu) {
        menu.open = false;
        menu.querySelector("summary").focus();
      }
    });
    document.querySelector("form[data-sign-out]")?.addEventListener("submit", () => sessionStorage.clear());
  });
})();
