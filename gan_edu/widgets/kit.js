// What every explorer's front end shares: theme, width, status line, scheduling, talk with Python.
// What does not belong here: controls (controls.js), figures (plot.js), networks (net.js), anything about one explorer.
//
// kit.js, controls.js, marks.js and plot.js are pasted in front of an explorer's own file; `kit` and `plot` are there.
//
// | call                                    | gives
// | ---                                     | ---
// | kit.mount({model, el, title})           | ui: root, body, say, fail, guard, watch, later, onResize, ask, tell, close
// | ui.body                                 | the element to append to; the title is above it, the status line below
// | ui.say(text)                            | puts a sentence in the status line (polite, read aloud when it changes)
// | ui.fail(error)                          | shows an error there; what is drawn stays. ui.say("") clears it
// | ui.guard(fn)                            | fn, with ui.fail on whatever it throws
// | ui.watch(names, fn)                     | runs fn(name) when Python or another view changes a trait
// | ui.later(fn)                            | runs fn when the view closes
// | ui.onResize(fn), ui.width               | the width in px; root[data-gx-width] is "narrow" (< 600), "wide"
// | ui.alone                               | true in the web edition, where there is no Python to ask
// | ui.ask(what, content, buffers, topic)   | a promise of Python's `answer`; one question in the air, the latest of a
// |                                         | topic (default: what) waits, an overtaken one gives null
// | ui.tell({trait: value})                 | sets traits that only Python can act on; where there is none, puts them
// |                                         | back and says so
// | kit.set(model, {trait: value}, sync)    | sets traits; with sync = true tells Python (on `change`, not on `input`)
// | kit.latest(fn)                          | a function that draws at once, then at most once a frame, newest last
// | kit.h(tag, attributes, ...children)     | an element; attributes with `on...` are listeners
// | kit.fixed(v, digits)                    | "−0.50": fixed digits and a true minus sign
// | kit.bytes(value)                        | an ArrayBuffer from what a Bytes trait holds (or from base64 text)
// | kit.color(root, name)                   | the present css colour of "data", "generated", "discriminator", "ink"...
// | kit.unique(word)                        | a name that nothing else on the page has
// | kit.still()                             | true where the reader asked for reduced motion
// | kit.asker(model, later, slow, patience) | what ui.ask is made of
//
// Colours are css variables on the root: --gx-data, --gx-generated, --gx-discriminator, --gx-purple, --gx-gold,
// --gx-ink, --gx-muted, --gx-line.

const kit = (() => {
  const GONE = "The kernel that made this figure is gone. Run the cell again.";
  const SLOW =
    "Python has not answered yet. If a cell is running, the answer comes after it; if none is, run this cell again.";
  const ALONE = "This page has no kernel to ask. Open the notebook in JupyterLab for this part.";

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

  // JupyterLab's shortcuts swallow arrow keys of controls inside a cell, so keys stay here; Escape goes on.
  const keepKeys = (node) =>
    node.addEventListener("keydown", (e) => {
      if (e.key !== "Escape") e.stopPropagation();
    });

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
    later(() => {
      observer.disconnect();
      media.removeEventListener("change", apply);
    });
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
    let drawn = false,
      pending = null;
    const next = () => {
      if (pending === null) {
        drawn = false;
        return;
      }
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
    if (sync)
      try {
        model.save_changes();
      } catch {
        /* a page without a kernel has nobody to tell */
      }
  }

  // JupyterLab drops what save_changes would say to a kernel that is gone; only a message tells that nobody is there. One
  // a second is enough: the kernel reads every one, and moves must not queue behind them.
  function reacher(model) {
    let reached = -Infinity;
    return () => {
      if (performance.now() - reached < 1000) return true;
      try {
        model.send({ kind: "hello" });
      } catch {
        return false;
      }
      reached = performance.now();
      return true;
    };
  }

  // An answer may be long in coming, since a kernel does one thing after another; `slow(true)` is called when a question
  // has waited for `patience` ms. Then others may follow it, and its answer still counts unless its topic has a newer one.
  function asker(model, later, slow, patience = 20000) {
    let serial = 0;
    const air = new Map(), // the questions that Python has, by number
      waiting = new Map(); // the newest question of each topic
    const next = () => {
      if ([...air.values()].some((q) => !q.late)) return;
      const [topic, question] = waiting.entries().next().value ?? [];
      waiting.delete(topic);
      if (question) send(question);
    };
    const land = (id, settle) => {
      const question = air.get(id);
      if (!question) return;
      air.delete(id);
      clearTimeout(question.timer);
      if (question.late) slow(false);
      next();
      settle(question);
    };
    const overtaken = (question) => question.resolve(null);
    const send = (question) => {
      for (const [id, old] of air) if (old.topic === question.topic) land(id, overtaken);
      const id = ++serial;
      air.set(id, question);
      question.timer = setTimeout(() => {
        question.late = true;
        slow(true);
        next();
      }, patience);
      try {
        model.send({ kind: "ask", id, what: question.what, content: question.content }, undefined, question.buffers);
      } catch {
        land(id, (q) => q.reject(new Error(GONE)));
      }
    };
    const hear = (message, buffers) => {
      if (message.kind !== "answer") return;
      land(message.id, (q) =>
        message.error ? q.reject(new Error(message.error)) : q.resolve({ content: message.content, buffers }),
      );
    };
    model.on("msg:custom", hear);
    later(() => {
      model.off("msg:custom", hear);
      for (const { timer } of air.values()) clearTimeout(timer);
    });
    return (what, content = {}, buffers = [], topic = what) =>
      new Promise((resolve, reject) => {
        if (waiting.has(topic)) overtaken(waiting.get(topic));
        waiting.set(topic, { what, content, buffers, topic, resolve, reject });
        next();
      });
  }

  function mount({ model, el, title }) {
    const stops = [];
    const later = (fn) => stops.push(fn);
    const body = h("div", { class: "gx-body" });
    const line = h("p", { class: "gx-status", role: "status", "aria-live": "polite" });
    const root = h(
      "section",
      { class: "gx", "aria-label": title },
      h("div", { class: "gx-title", text: title }),
      body,
      line,
    );
    el.append(root);
    const sized = [],
      reaches = reacher(model);
    const ui = {
      root,
      body,
      later,
      width: 0,
      say: (text) => {
        line.textContent = text;
        line.removeAttribute("data-gx-error");
      },
      fail: (error) => {
        line.textContent = error?.message ?? String(error);
        line.setAttribute("data-gx-error", "");
      },
      guard:
        (fn) =>
        (...args) => {
          try {
            return fn(...args);
          } catch (error) {
            ui.fail(error);
          }
        },
      watch: (names, fn) => {
        for (const name of [names].flat()) {
          const heard = ui.guard(() => fn(name));
          model.on(`change:${name}`, heard);
          later(() => model.off(`change:${name}`, heard));
        }
      },
      onResize: (fn) => {
        sized.push(fn);
        if (ui.width) fn(ui.width);
      },
      ask: asker(model, later, (is) => {
        if (is) ui.fail(SLOW);
        else if (line.textContent === SLOW) ui.say("");
      }),
      alone: model.get("alone") === true,
      tell: (traits) => {
        if (!ui.alone && reaches()) {
          set(model, traits, true);
          return;
        }
        const before = Object.fromEntries(Object.keys(traits).map((name) => [name, model.get(name)]));
        set(model, traits);
        set(model, before); // there and back, so that the control goes back too
        ui.fail(ui.alone ? ALONE : GONE);
      },
      close: () => {
        for (const stop of stops) stop();
        root.remove();
      },
    };
    followTheme(root, later);
    followWidth(root, later, (width) => {
      ui.width = width;
      for (const fn of sized) fn(width);
    });
    const report = () => (model.get("error") ? ui.fail(model.get("error")) : ui.say(model.get("status") ?? ""));
    ui.watch(["error", "status"], report);
    report();
    return ui;
  }

  // every explorer on a page has this file to itself, so a counter would give two of them the same name
  const unique = (word) => `gx-${word}-${Math.random().toString(36).slice(2)}`;

  return { h, unique, fixed, still, bytes, color, latest, set, mount, keepKeys, asker };
})();
