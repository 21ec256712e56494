// The editor's two halves: a form of rows and the source, each following the other.
const { gettext, fill } = window.IVR;
const source = document.getElementById("source");
const rows = document.getElementById("rows");
const add = document.getElementById("add-row");
const hint = document.getElementById("no-rows");

const TYPES = ["string", "integer", "number", "boolean", "array", "object"];
const FORMATS = ["", "date", "date-time", "time", "month", "email", "phone", "zip"];
const NORMALIZERS = ["", "date", "month", "money", "number", "digits", "yes_no", "enum", "text"];

rows.hidden = add.hidden = false;
draw();
source.addEventListener("input", draw);
rows.addEventListener("change", (event) => change(event.target));
rows.addEventListener("click", (event) => {
  const button = event.target.closest("button[data-remove]");
  if (button) edit((schema) => remove(schema, button.dataset.remove));
});
add.addEventListener("click", () => {
  edit((schema) => {
    let n = 1;
    while (`parameter_${n}` in schema.properties) n += 1;
    schema.properties[`parameter_${n}`] = { type: "string" };
  });
  rows.querySelector(".parameter:last-child input")?.select();
});

function read() {
  try {
    const schema = JSON.parse(source.value);
    if (schema === null || typeof schema !== "object" || Array.isArray(schema)) return null;
    schema.properties ??= {};
    schema.required ??= [];
    return schema;
  } catch {
    return null;
  }
}

function edit(step) {
  const schema = read();
  if (!schema) return;
  step(schema);
  source.value = JSON.stringify(schema, null, 2);
  // One path for both halves: the check listens to the source.
  source.dispatchEvent(new Event("input", { bubbles: true }));
}

function draw() {
  const schema = read();
  add.disabled = !schema;
  hint.hidden = Boolean(schema);
  hint.textContent = gettext("The source does not read as JSON yet.");
  if (!schema || rows.contains(document.activeElement) && !changed(schema)) return;
  rows.replaceChildren(...Object.entries(schema.properties).map(([name, rule]) => row(name, rule, schema)));
}

function changed(schema) {
  const shown = [...rows.querySelectorAll(".parameter")].map((each) => each.dataset.name);
  return shown.join() !== Object.keys(schema.properties).join();
}

function row(name, rule, schema) {
  const box = document.createElement("fieldset");
  box.className = "parameter";
  box.dataset.name = name;
  const legend = document.createElement("legend");
  legend.textContent = name;
  legend.className = "sr";
  const kind = Array.isArray(rule.type) ? rule.type.find((each) => each !== "null") : rule.type;
  box.append(
    legend,
    field("name", gettext("Name"), input(name)),
    field("type", gettext("Type"), select(TYPES, kind)),
    field("required", gettext("Required"), tick(schema.required.includes(name))),
    field("description", gettext("Meaning"), input(rule.description ?? "")),
    field("enum", gettext("Values, by comma"), input((rule.enum ?? []).join(", "))),
    field("format", gettext("Format"), select(FORMATS, rule.format ?? "")),
    field("pattern", gettext("Pattern"), input(rule.pattern ?? "")),
    field("x-placeholder", gettext("Placeholder"), input(rule["x-placeholder"] ?? "")),
    field("x-normalizer", gettext("Read as"), select(NORMALIZERS, rule["x-normalizer"] ?? "")),
    field("x-prompt", gettext("The bot asks"), input(rule["x-prompt"] ?? "")),
    field("x-say", gettext("Callers say"), input(rule["x-say"] ?? "")),
    field("x-carry-over", gettext("May come from an earlier turn"), tick(rule["x-carry-over"] === true)),
  );
  const gone = document.createElement("button");
  gone.type = "button";
  gone.className = "link";
  gone.dataset.remove = name;
  gone.textContent = fill(gettext("Remove %(name)s"), { name });
  box.append(gone);
  return box;
}

function field(key, title, control) {
  const label = document.createElement("label");
  label.className = control.type === "checkbox" ? "tick" : "field";
  const words = document.createElement("span");
  words.textContent = title;
  control.dataset.key = key;
  label.append(words, control);
  return label;
}

function input(value) {
  const control = document.createElement("input");
  control.value = value;
  control.autocomplete = "off";
  return control;
}

function tick(checked) {
  const control = document.createElement("input");
  control.type = "checkbox";
  control.checked = checked;
  return control;
}

function select(values, chosen) {
  const control = document.createElement("select");
  for (const value of values) control.add(new Option(value || gettext("none"), value, false, value === chosen));
  return control;
}

function change(control) {
  const name = control.closest(".parameter").dataset.name;
  const key = control.dataset.key;
  edit((schema) => {
    const rule = schema.properties[name];
    if (key === "name") rename(schema, name, control.value.trim());
    else if (key === "required") require(schema, name, control.checked);
    else if (key === "type") rule.type = control.value;
    else if (key === "enum") set(rule, key, control.value.split(",").map((each) => each.trim()).filter(Boolean));
    else set(rule, key, control.type === "checkbox" ? control.checked : control.value);
  });
}

function set(rule, key, value) {
  if (value === "" || value === false || (Array.isArray(value) && !value.length)) delete rule[key];
  else rule[key] = value;
}

function require(schema, name, wanted) {
  schema.required = schema.required.filter((each) => each !== name);
  if (wanted) schema.required.push(name);
}

function remove(schema, name) {
  delete schema.properties[name];
  require(schema, name, false);
}

// Rebuilt so that the order of the parameters stays.
function rename(schema, old, name) {
  if (!name || name in schema.properties) return;
  schema.properties = Object.fromEntries(
    Object.entries(schema.properties).map(([key, rule]) => [key === old ? name : key, rule]),
  );
  schema.required = schema.required.map((each) => (each === old ? name : each));
}
