// The controls that every explorer uses, and pictures made of pixels. They add themselves to kit.
// What does not belong here: theme, scheduling, talk with Python (kit.js), figures (plot.js).
//
// | call                                    | gives
// | ---                                     | ---
// | kit.slider({label, min, max, step,      | {el, input, value, set(v)}; `origin` is where the filled track begins;
// |   value, format, color, origin, hint,   | onInput(v) while it moves, onChange(v) when it is let go
// |   onInput, onChange})                   |
// | kit.button({label, hint, onClick})      | {el}; `main: true` for the one that matters
// | kit.select({label, options, value,      | {el, input, value, set(v)}; options: ["a", ...] or [["a", "words"], ...]
// |   onChange})                            |
// | kit.toggle({label, value, onChange})    | {el, input, value, set(v)}; a switch
// | kit.choice({label, options, value,      | {el, value, set(v)}; one of two to five, as buttons side by side (radio)
// |   onChange})                            |
// | kit.number({label, min, max, step,      | {el, input, value, set(v)}; a box for a number
// |   value, onChange})                     |
// | kit.readout({label, color})             | {el, set(text)}; a named number that follows what is moved
// | kit.gauge({label, low, high, color})    | {el, set(share or null)}; a probability on a line from 0 to 1
// | kit.group(title, ...children)           | a titled group of controls; kit.row(...children) puts them side by side
// | kit.pixels({width, height, channels,    | {el, show(values), tile(values, x, y, w, h), label(text), fit(px)};
// |   label})                               | a picture, crisp at any size
// | kit.picking(canvas, {what, count,       | makes a canvas of equal cells one to choose in, by click and arrow keys;
// |   columns, chosen, choose})             | chosen() is asked at each key: a drawing may come later than the next key
// | kit.hit(event, columns, rows)           | which of the cells on a canvas an event hit, counted row by row
//
// color: "data", "generated", "discriminator", "ink", "muted". Every control keeps its keys from JupyterLab's shortcuts.

const controls = (() => {
  const { h, fixed, keepKeys, unique } = kit;

  const numeric = (el, input, show = () => {}) => ({
    el,
    input,
    get value() {
      return Number(input.value);
    },
    set: (v) => {
      input.value = v;
      show(v);
    },
  });

  function slider({
    label,
    min,
    max,
    step = "any",
    value = min,
    format = fixed,
    color: name = "ink",
    origin = min,
    hint,
    onInput = () => {},
    onChange = () => {},
  }) {
    const input = h("input", { type: "range", min, max, step, "aria-label": label });
    const output = h("output");
    const el = h(
      "label",
      { class: "gx-slider", title: hint, style: `--c: var(--gx-${name})` },
      h("span", { class: "gx-name", text: label }),
      input,
      output,
    );
    const share = (v) => (100 * (Math.min(Math.max(v, min), max) - min)) / (max - min);
    const show = (v) => {
      const [from, to] = [share(origin), share(v)].sort((p, q) => p - q);
      input.style.setProperty("--from", `${from}%`);
      input.style.setProperty("--to", `${to}%`);
      output.textContent = format(v);
      input.setAttribute("aria-valuetext", output.textContent);
    };
    const self = numeric(el, input, show);
    input.addEventListener("input", () => {
      show(self.value);
      onInput(self.value);
    });
    input.addEventListener("change", () => onChange(self.value));
    keepKeys(input);
    self.set(value);
    return self;
  }

  function button({ label, hint, main = false, onClick = () => {} }) {
    const el = h("button", {
      type: "button",
      class: main ? "gx-button gx-main" : "gx-button",
      title: hint,
      text: label,
    });
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
      el,
      input,
      get value() {
        return items[input.selectedIndex]?.[0];
      },
      set: (v) => {
        input.selectedIndex = items.findIndex(([key]) => key === v);
      },
    };
    self.set(value ?? items[0]?.[0]);
    input.addEventListener("change", () => onChange(self.value));
    keepKeys(input);
    return self;
  }

  function toggle({ label, value = false, onChange = () => {} }) {
    const input = h("input", { type: "checkbox", role: "switch" });
    const el = h("label", { class: "gx-toggle" }, input, h("span", { class: "gx-name", text: label }));
    const self = {
      el,
      input,
      get value() {
        return input.checked;
      },
      set: (v) => {
        input.checked = Boolean(v);
      },
    };
    self.set(value);
    input.addEventListener("change", () => onChange(self.value));
    keepKeys(input);
    return self;
  }

  function choice({ label, options, value, onChange = () => {} }) {
    const name = unique("choice");
    const items = pairs(options).map(([key, text]) => {
      const input = h("input", { type: "radio", name });
      input.addEventListener("change", () => onChange(key));
      keepKeys(input);
      return { key, input, el: h("label", {}, input, h("span", { text })) };
    });
    const el = h(
      "div",
      { class: "gx-choice", role: "radiogroup", "aria-label": label },
      ...items.map((item) => item.el),
    );
    const self = {
      el,
      get value() {
        return items.find((item) => item.input.checked)?.key;
      },
      set: (v) => {
        for (const item of items) item.input.checked = item.key === v;
      },
    };
    self.set(value ?? items[0].key);
    return self;
  }

  function number({ label, min, max, step = 1, value = min, onChange = () => {} }) {
    const input = h("input", { type: "number", min, max, step, "aria-label": label });
    const el = h("label", { class: "gx-number" }, h("span", { class: "gx-name", text: label }), input);
    const self = numeric(el, input);
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
    const el = h(
      "div",
      { class: "gx-readout", style: `--c: var(--gx-${name})` },
      h("span", { class: "gx-name", text: label }),
      value,
    );
    return {
      el,
      set: (text) => {
        value.textContent = text;
      },
    };
  }

  function gauge({ label, low, high, color: name = "ink", format = fixed }) {
    const value = h("span", { class: "gx-value" }),
      dot = h("span", { class: "gx-gauge-dot" });
    const track = h(
      "div",
      { class: "gx-gauge-track", role: "meter", "aria-label": label, "aria-valuemin": 0, "aria-valuemax": 1 },
      dot,
    );
    const el = h(
      "div",
      { class: "gx-gauge", style: `--c: var(--gx-${name})` },
      h("span", { class: "gx-name", text: label }),
      value,
      track,
      h("span", { class: "gx-end", text: low }),
      h("span", { class: "gx-end", text: high }),
    );
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
    h(
      "div",
      { class: "gx-group", role: "group", "aria-label": title },
      h("div", { class: "gx-heading", text: title }),
      ...children,
    );
  const row = (...children) => h("div", { class: "gx-row" }, ...children);

  // ---- pictures ----------------------------------------------------------------------------------------------------
  // A canvas of exactly the picture's pixels; the browser enlarges it without smoothing. Values lie in [-1, 1], (C, H, W).
  function pixels({ width, height, channels = 1, label = "" }) {
    const el = h("canvas", { class: "gx-pixels", role: "img", "aria-label": label, width, height });
    el.style.setProperty("aspect-ratio", `${width} / ${height}`);
    const context = el.getContext("2d", { willReadFrequently: true });
    const paint = (values, w, height_, x = 0, y = 0) => {
      const image = context.createImageData(w, height_),
        plane = w * height_,
        data = image.data;
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
      fit: (most) => {
        // whole multiples stay even; returns the width in px
        const px = width * Math.max(1, Math.floor(most / width));
        el.style.width = `${px}px`;
        return px;
      },
    };
  }

  // Which cell of a canvas of equal cells an event hit, counted row by row.
  function hit(event, columns, rows) {
    const cell = (share, cells) => Math.min(cells - 1, Math.max(0, Math.floor(share * cells)));
    const { clientWidth, clientHeight } = event.currentTarget;
    return cell(event.offsetX / clientWidth, columns) + columns * cell(event.offsetY / clientHeight, rows);
  }

  // Makes a canvas of `count` cells one to choose in, by click and arrow keys, from the cell that is chosen() now.
  function picking(el, { what, count, columns, chosen, choose }) {
    const about = { role: "application", tabindex: 0, "aria-roledescription": what };
    for (const [name, value] of Object.entries(about)) el.setAttribute(name, value);
    const set = (i) => {
      if (i >= 0 && i < count) choose(i);
    };
    el.addEventListener("pointerdown", (e) => set(hit(e, columns, Math.ceil(count / columns))));
    el.addEventListener("keydown", (e) => {
      const jump = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns }[e.key];
      if (!jump) return;
      e.preventDefault();
      set(chosen() + jump);
    });
    kit.keepKeys(el);
  }

  return { slider, button, select, toggle, choice, number, readout, gauge, group, row, pixels, hit, picking };
})();
Object.assign(kit, controls);
