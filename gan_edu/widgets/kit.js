// The look and the manners that every explorer shares: theme, width, controls, status line, scheduling, talk with Python.
// What does not belong here: figures (plot.js), networks (net.js), anything about one explorer.
//
// This text is pasted in front of an explorer's own file, so `kit` is simply there.
//
// | call                                    | gives                                                                    |
// | ---                                     | ---                                                                      |
// | kit.mount({model, el, title})           | ui: {root, body, say, fail, guard, watch, later, wide, close}; see below |
// | ui.body                                 | the element to append to; the title is above it, the status line below   |
// | ui.say(text)                            | puts a sentence in the status line (polite, read aloud when it changes)  |
// | ui.fail(error)                          | shows an error there; what is drawn stays. ui.say("") clears it          |
// | ui.guard(fn)                            | fn, with ui.fail on whatever it throws                                   |
// | ui.watch(names, fn)                     | runs fn(name) when Python or another view changes a trait                |
// | ui.later(fn)                            | runs fn when the view closes                                             |
// | ui.onResize(fn), ui.width               | the width in px; root[data-gx-width] is "narrow" (< 600), "wide"         |
// | ui.ask(what, content, buffers, topic)   | a promise of Python's `answer`; one question in the air, the latest of a |
// |                                         | topic (default: what) waits, an overtaken one gives null                 |
// | kit.set(model, {trait: value}, sync)    | sets traits; with sync = true tells Python (on `change`, not on `input`) |
// | kit.latest(fn)                          | a function that draws at once, then at most once a frame, newest last    |
// | kit.h(tag, attributes, ...children)     | an element; attributes with `on...` are listeners                        |
// | kit.slider({label, min, max, step,      | {el, input, value, set(v)}; `origin` is where the filled track begins;   |
// |   value, format, color, origin, hint,   | onInput(v) while it moves, onChange(v) when it is let go                 |
// |   onInput, onChange})                   |                                                                          |
// | kit.button({label, hint, onClick})      | {el}; `main: true` for the one that matters                              |
// | kit.select({label, options, value,      | {el, input, value, set(v)}; options: ["a", ...] or [["a", "words"], ...] |
// |   onChange})                            |                                                                          |
// | kit.toggle({label, value, onChange})    | {el, input, value, set(v)}; a switch                                     |
// | kit.choice({label, options, value,      | {el, value, set(v)}; one of two to five, as buttons side by side (radio) |
// |   onChange})                            |                                                                          |
// | kit.number({label, min, max, step,      | {el, input, value, set(v)}; a box for a number                           |
// |   value, onChange})                     |                                                                          |
// | kit.readout({label, color})             | {el, set(text)}; a named number that follows what is moved               |
// | kit.gauge({label, low, high, color})    | {el, set(share or null)}; a probability on a line from 0 to 1            |
// | kit.group(title, ...children)           | a titled group of controls; kit.row(...children) puts them side by side  |
// | kit.pixels({width, height, channels,    | {el, show(values), tile(values, x, y, w, h), label(text), fit(px)};      |
// |   label})                               | a picture, crisp at any size                                             |
// | kit.fixed(v, digits)                    | "−0.50": fixed digits and a true minus sign                              |
// | kit.bytes(value)                        | an ArrayBuffer from what a Bytes trait holds (or from base64 text)       |
// | kit.color(root, name)                   | the present css colour of "data", "generated", "discriminator", "ink"... |
// | kit.still()                             | true where the reader asked for reduced motion                           |
//
// Colours are css variables on the root: --gx-data, --gx-generated, --gx-discriminator, --gx-ink, --gx-muted, --gx-line.

const kit = (() => {
  function h(tag, attributes = {}, ...children) {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes)) {
      if (value === undefined || value === null || value === false) continue;
      if (name.startsWith("on")) node.addEventListener(name.slice(2), value);
      else if (name === "text") node.textContent = value;
      else node.setAttribute(name, value === true ? "" : value);
    }
    node.append(...children.filter((child) => child !== null && child !== undefined));
    return node;
  }

  const fixed = (v, digits = 2) => {
    const text = Number(v).toFixed(digits);
    return (Number(text) === 0 ? text.replace("-", "") : text).replace("-", "\u2212");
  };

  const still = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

  function bytes(value) {
    if (typeof value === "string") return Uint8Array.from(atob(value), (c) => c.charCodeAt(0)).buffer;
    if (value instanceof ArrayBuffer) return value;
    return value.buffer.slice(value.byteOffset, value.byteOffset + value.byteLength); // a view may be unaligned
  }

  // ---- theme and width -------------------------------------------------------------------------------------------
  function dark(root) {
    const jupyter = document.body.dataset.jpThemeLight;
    if (jupyter !== undefined) return jupyter === "false";
    for (let node = root; node; node = node.parentElement ?? node.getRootNode().host) {
      const [r, g, b, a = 1] = (getComputedStyle(node).backgroundColor.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
      if (a > 0.5) return 0.299 * r + 0.587 * g + 0.114 * b < 128;
    }
    return matchMedia("(prefers-color-scheme: dark)").matches;
  }

  function followTheme(root, later) {
    const apply = () => root.setAttribute("data-gx-theme", dark(root) ? "dark" : "light");
    const observer = new MutationObserver(apply);
    for (const node of [document.documentElement, document.body]) observer.observe(node, { attributes: true });
    const media = matchMedia("(prefers-color-scheme: dark)");
    media.addEventListener("change", apply);
    later(() => { observer.disconnect(); media.removeEventListener("change", apply); });
    apply();
    requestAnimationFrame(apply); // the view may be mounted before it is in the page
  }

  function followWidth(root, later, tell) {
    const observer = new ResizeObserver(([entry]) => {
      const width = entry.contentRect.width;
      if (width === 0) return;
      root.setAttribute("data-gx-width", width < 600 ? "narrow" : "wide");
      tell(width);
    });
    observer.observe(root);
    later(() => observer.disconnect());
  }

  const color = (root, name) => getComputedStyle(root).getPropertyValue(`--gx-${name}`).trim();

  // ---- scheduling and talk with Python -----------------------------------------------------------------------------
  // Draws on the first call of a frame (so one move costs no waiting) and keeps only the newest call for the next frame.
  function latest(fn) {
    let drawn = false, pending = null;
    const next = () => {
      if (pending === null) { drawn = false; return; }
      const args = pending;
      pending = null;
      requestAnimationFrame(next);
      fn(...args);
    };
    return (...args) => {
      pending = args;
      if (drawn) return;
      drawn = true;
      next();
    };
  }

  function set(model, traits, sync = false) {
    for (const [name, value] of Object.entries(traits)) model.set(name, value);
    if (sync) try { model.save_changes(); } catch { /* a page without a kernel has nobody to tell */ }
  }

  function asker(model, later, patience = 20000) {
    let flying = null, serial = 0;
    const waiting = new Map(); // the newest question of each topic
    const land = (settle) => {
      const done = flying;
      clearTimeout(done.timer);
      flying = null;
      const [topic, next] = waiting.entries().next().value ?? [];
      waiting.delete(topic);
      if (next) send(next);
      settle(done);
    };
    const send = (question) => {
      flying = { ...question, id: ++serial };
      const lost = new Error("Python did not answer. Run the cell again; if that does not help, restart the kernel.");
      flying.timer = setTimeout(() => land((q) => q.reject(lost)), patience);
      try {
        model.send({ kind: "ask", id: flying.id, what: flying.what, content: flying.content }, undefined, flying.buffers);
      } catch { land((q) => q.reject(lost)); }
    };
    const hear = (message, buffers) => {
      if (message.kind !== "answer" || message.id !== flying?.id) return;
      land((q) => (message.error ? q.reject(new Error(message.error)) : q.resolve({ content: message.content, buffers })));
    };
    model.on("msg:custom", hear);
    later(() => { model.off("msg:custom", hear); clearTimeout(flying?.timer); });
    return (what, content = {}, buffers = [], topic = what) => new Promise((resolve, reject) => {
      const question = { what, content, buffers, resolve, reject };
      if (!flying) { send(question); return; }
      waiting.get(topic)?.resolve(null); // overtaken
      waiting.set(topic, question);
    });
  }

  function mount({ model, el, title }) {
    const stops = [];
    const later = (fn) => stops.push(fn);
    const body = h("div", { class: "gx-body" });
    const line = h("p", { class: "gx-status", role: "status", "aria-live": "polite" });
    const root = h("section", { class: "gx", "aria-label": title }, h("div", { class: "gx-title", text: title }), body, line);
    el.append(root);
    const sized = [];
    const ui = {
      root, body, later, width: 0,
      say: (text) => { line.textContent = text; line.removeAttribute("data-gx-error"); },
      fail: (error) => { line.textContent = error?.message ?? String(error); line.setAttribute("data-gx-error", ""); },
      guard: (fn) => (...args) => { try { return fn(...args); } catch (error) { ui.fail(error); } },
      watch: (names, fn) => {
        for (const name of [names].flat()) {
          const heard = ui.guard(() => fn(name));
          model.on(`change:${name}`, heard);
          later(() => model.off(`change:${name}`, heard));
        }
      },
      onResize: (fn) => { sized.push(fn); if (ui.width) fn(ui.width); },
      ask: asker(model, later),
      close: () => { for (const stop of stops) stop(); root.remove(); },
    };
    followTheme(root, later);
    followWidth(root, later, (width) => { ui.width = width; for (const fn of sized) fn(width); });
    const report = () => (model.get("error") ? ui.fail(model.get("error")) : ui.say(model.get("status") ?? ""));
    ui.watch(["error", "status"], report);
    report();
    return ui;
  }

  // ---- controls ----------------------------------------------------------------------------------------------------
  // JupyterLab's shortcuts swallow arrow keys of controls inside a cell, so keys stay here; Escape goes on to the notebook.
  const keepKeys = (node) => node.addEventListener("keydown", (e) => { if (e.key !== "Escape") e.stopPropagation(); });

  function slider({ label, min, max, step = "any", value = min, format = fixed, color: name = "ink", origin = min, hint,
    onInput = () => {}, onChange = () => {} }) {
    const input = h("input", { type: "range", min, max, step, "aria-label": label });
    const output = h("output");
    const el = h("label", { class: "gx-slider", title: hint, style: `--c: var(--gx-${name})` },
      h("span", { class: "gx-name", text: label }), input, output);
    const share = (v) => (100 * (Math.min(Math.max(v, min), max) - min)) / (max - min);
    const show = (v) => {
      const [from, to] = [share(origin), share(v)].sort((p, q) => p - q);
      input.style.setProperty("--from", `${from}%`);
      input.style.setProperty("--to", `${to}%`);
      output.textContent = format(v);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    const self = { el, input, get value() { return Number(input.value); }, set: (v) => { input.value = v; show(v); } };
    input.addEventListener("input", () => { show(self.value); onInput(self.value); });
    input.addEventListener("change", () => onChange(self.value));
    keepKeys(input);
    self.set(value);
    return self;
  }

  function button({ label, hint, main = false, onClick = () => {} }) {
    const el = h("button", { type: "button", class: main ? "gx-button gx-main" : "gx-button", title: hint, text: label });
    el.addEventListener("click", () => onClick());
    keepKeys(el);
    return { el };
  }

  const pairs = (options) => options.map((option) => (Array.isArray(option) ? option : [option, String(option)]));

  function select({ label, options, value, onChange = () => {} }) {
    const items = pairs(options);
    const input = h("select", { "aria-label": label }, ...items.map(([, text], i) => h("option", { value: i, text })));
    const el = h("label", { class: "gx-select" }, h("span", { class: "gx-name", text: label }), input);
    const self = {
      el, input,
      get value() { return items[input.selectedIndex]?.[0]; },
      set: (v) => { input.selectedIndex = items.findIndex(([key]) => key === v); },
    };
    self.set(value ?? items[0]?.[0]);
    input.addEventListener("change", () => onChange(self.value));
    keepKeys(input);
    return self;
  }

  function toggle({ label, value = false, onChange = () => {} }) {
    const input = h("input", { type: "checkbox", role: "switch" });
    const el = h("label", { class: "gx-toggle" }, input, h("span", { class: "gx-name", text: label }));
    const self = { el, input, get value() { return input.checked; }, set: (v) => { input.checked = Boolean(v); } };
    self.set(value);
    input.addEventListener("change", () => onChange(self.value));
    keepKeys(input);
    return self;
  }

  let serial = 0;
  function choice({ label, options, value, onChange = () => {} }) {
    const name = `gx-choice-${++serial}`;
    const items = pairs(options).map(([key, text]) => {
      const input = h("input", { type: "radio", name });
      input.addEventListener("change", () => onChange(key));
      keepKeys(input);
      return { key, input, el: h("label", {}, input, h("span", { text })) };
    });
    const el = h("div", { class: "gx-choice", role: "radiogroup", "aria-label": label }, ...items.map((item) => item.el));
    const self = {
      el,
      get value() { return items.find((item) => item.input.checked)?.key; },
      set: (v) => { for (const item of items) item.input.checked = item.key === v; },
    };
    self.set(value ?? items[0].key);
    return self;
  }

  function number({ label, min, max, step = 1, value = min, onChange = () => {} }) {
    const input = h("input", { type: "number", min, max, step, "aria-label": label });
    const el = h("label", { class: "gx-number" }, h("span", { class: "gx-name", text: label }), input);
    const self = { el, input, get value() { return Number(input.value); }, set: (v) => { input.value = v; } };
    self.set(value);
    input.addEventListener("change", () => {
      const v = Math.min(Math.max(Number.isFinite(input.valueAsNumber) ? input.valueAsNumber : min, min), max);
      self.set(v);
      onChange(v);
    });
    keepKeys(input);
    return self;
  }

  function readout({ label, color: name = "ink" }) {
    const value = h("span", { class: "gx-value" });
    const el = h("div", { class: "gx-readout", style: `--c: var(--gx-${name})` }, h("span", { class: "gx-name", text: label }), value);
    return { el, set: (text) => { value.textContent = text; } };
  }

  function gauge({ label, low, high, color: name = "ink", format = fixed }) {
    const value = h("span", { class: "gx-value" }), dot = h("span", { class: "gx-gauge-dot" });
    const track = h("div", { class: "gx-gauge-track", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 1 }, dot);
    const el = h("div", { class: "gx-gauge", style: `--c: var(--gx-${name})` }, h("span", { class: "gx-name", text: label }), value, track,
      h("span", { class: "gx-end", text: low }), h("span", { class: "gx-end", text: high }));
    const set = (v) => {
      el.hidden = v === null || v === undefined;
      if (el.hidden) return;
      value.textContent = format(v);
      track.setAttribute("aria-valuenow", v.toFixed(3));
      dot.style.left = `${100 * v}%`;
    };
    set(null);
    return { el, set };
  }

  const group = (title, ...children) =>
    h("div", { class: "gx-group", role: "group", "aria-label": title }, h("div", { class: "gx-heading", text: title }), ...children);
  const row = (...children) => h("div", { class: "gx-row" }, ...children);

  // ---- pictures ----------------------------------------------------------------------------------------------------
  // A canvas of exactly the picture's pixels; the browser enlarges it without smoothing. Values lie in [-1, 1], (C, H, W).
  function pixels({ width, height, channels = 1, label = "" }) {
    const el = h("canvas", { class: "gx-pixels", role: "img", "aria-label": label, width, height });
    el.style.setProperty("aspect-ratio", `${width} / ${height}`);
    const context = el.getContext("2d", { willReadFrequently: true });
    const paint = (values, w, height_, x = 0, y = 0) => {
      const image = context.createImageData(w, height_), plane = w * height_, data = image.data;
      for (let i = 0, j = 0; i < plane; i++, j += 4) {
        for (let c = 0; c < 3; c++) data[j + c] = (values[channels === 3 ? c * plane + i : i] + 1) * 127.5;
        data[j + 3] = 255;
      }
      context.putImageData(image, x, y);
    };
    return {
      el,
      show: (values) => paint(values, width, height),
      tile: (values, x, y, w, height_) => paint(values, w, height_, x, y),
      label: (text) => el.setAttribute("aria-label", text),
      fit: (most) => { // whole multiples stay even; returns the width in px
        const px = width * Math.max(1, Math.floor(most / width));
        el.style.width = `${px}px`;
        return px;
      },
    };
  }

  return { h, fixed, still, bytes, color, latest, set, mount, slider, button, select, toggle, choice, number, readout, gauge, group,
    row, pixels, keepKeys };
})();
