// Brings the explorers of a page to life without Jupyter: fetches an explorer's state, arrays, code and look, gives it a
// model that lives in this page, and draws it where its picture stands. What does not belong here: any explorer.

const files = new URL("course/", import.meta.url);
const models = new Map();                      // one model for all views of one explorer
const sheets = new Set();
const NO_KERNEL = "This page has no kernel to ask. Open the notebook in JupyterLab for this part.";

async function fetched(name, kind) {
  const reply = await fetch(new URL(name, files));
  if (!reply.ok) throw new Error(`${name}: the server says ${reply.status}`);
  return reply[kind]();
}

/** The half of Backbone's model that anywidget promises to a front end. */
class Model {
  #state;
  #heard = new Map();
  #changed = new Set();

  constructor(state) { this.#state = state; }
  get(name) { return this.#state[name]; }
  set(name, value) {
    if (this.#state[name] === value) return;
    this.#state[name] = value;
    this.#changed.add(name);
    this.#tell(`change:${name}`, this, value);
  }
  save_changes() {
    if (!this.#changed.size) return;
    this.#changed.clear();
    this.#tell("change", this);
  }
  send(message) {
    if (message?.kind !== "ask") return;
    setTimeout(() => this.#tell("msg:custom", { kind: "answer", id: message.id, error: NO_KERNEL }, []));
  }
  on(name, act) { this.#heard.set(name, [...(this.#heard.get(name) ?? []), act]); }
  off(name, act) {
    if (name == null) return this.#heard.clear();
    this.#heard.set(name, act ? (this.#heard.get(name) ?? []).filter((a) => a !== act) : []);
  }
  #tell(name, ...words) { for (const act of this.#heard.get(name) ?? []) act(...words); }
}

async function modelOf(place) {
  const { esm, css, state, buffers } = await fetched(place.dataset.file, "json");
  if (!sheets.has(css)) {
    sheets.add(css);
    document.head.append(Object.assign(document.createElement("link"), { rel: "stylesheet", href: new URL(css, files) }));
  }
  const [{ default: widget }, ...arrays] = await Promise.all([
    import(new URL(esm, files)), ...Object.values(buffers).map((name) => fetched(name, "arrayBuffer"))]);
  Object.keys(buffers).forEach((name, i) => { state[name] = new DataView(arrays[i]); });
  const model = new Model({ ...state, alone: true });
  await widget.initialize?.({ model });
  return { model, widget };
}

async function bring(place) {
  const picture = place.firstElementChild;
  try {
    if (!models.has(place.dataset.model)) models.set(place.dataset.model, modelOf(place));
    const { model, widget } = await models.get(place.dataset.model);
    const el = document.createElement("div");
    place.append(el);
    await widget.render({ model, el });
    picture?.remove();
    place.dataset.live = "yes";
  } catch (problem) {
    const words = document.createElement("p");
    words.textContent = `The explorer could not be loaded (${problem.message}); what you see is its picture.`;
    place.append(words);
    place.dataset.live = "no";
    console.error(problem);
  }
}

const seen = new IntersectionObserver((entries) => {
  for (const { isIntersecting, target } of entries) {
    if (!isIntersecting) continue;
    seen.unobserve(target);
    bring(target);
  }
}, { rootMargin: "600px 0px" });
for (const place of document.querySelectorAll(".course-explorer")) seen.observe(place);

// what scrolls must be reachable by the keyboard
const reach = () => {
  for (const box of document.querySelectorAll("pre, .formula-line")) {
    if (box.scrollWidth > box.clientWidth) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
};
addEventListener("resize", reach);
reach();
