// Helpers that tests/browser/test_every_explorer.py puts into a JupyterLab page as window.every. Test help only.
(() => {
  const content = () => [...window.jupyterapp.shell.widgets("main")].find((w) => w.content?.widgets).content;
  const roots = (at) => [...content().widgets[at].node.querySelectorAll(".gx")];
  const frames = async (n) => {
    for (let i = 0; i < n; i++) await new Promise((done) => requestAnimationFrame(done));
  };

  // What a view shows, as text: canvases, figures without their handles, numbers, tables. Controls are no part of it.
  const seen = (node) => {
    if (node.matches("canvas")) return node.toDataURL();
    if (!node.matches("svg")) return node.textContent;
    const copy = node.cloneNode(true);
    for (const handle of copy.querySelectorAll(".gx-handle")) handle.remove();
    return copy.outerHTML.replace(/gx-clip-\w+/g, "");
  };
  const parts = "canvas, svg.gx-plot, .gx-readout, .gx-gauge, .gx-lines, table";
  const picture = (root) => [...root.querySelectorAll(parts)].map(seen).join("\n");

  const find = (root, label) => [...root.querySelectorAll("[aria-label]")].find((node) => node.ariaLabel === label);
  const tell = (node, type) => node.dispatchEvent(new Event(type, { bubbles: true }));

  // Move a control to a share of its way, 0 to 1; `done` as if it were let go there.
  function put(root, control, share, done = false) {
    if (control.includes("=>")) return (0, eval)(control)(root, share);
    const node = find(root, control);
    if (node.matches("input")) {
      node.value = Number(node.min) + share * (node.max - node.min);
      tell(node, "input");
      if (done) tell(node, "change");
    } else if (node.matches("select")) {
      node.selectedIndex = Math.round(share * (node.options.length - 1));
      tell(node, "change");
    } else if (node.role === "radiogroup") {
      const radios = node.querySelectorAll("input");
      radios[Math.round(share * (radios.length - 1))].click();
    } else {
      const key = { 0: "Home", 1: "End" }[share] ?? (share > 0.5 ? "ArrowRight" : "ArrowLeft");
      node.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
    }
  }

  // 100 moves in one breath, then 100 of which several fall into each frame; the last one is back to the start.
  async function quick(root, control) {
    const share = (i) => 0.5 + 0.5 * Math.sin(1.7 * i);
    for (let i = 0; i < 100; i++) put(root, control, share(i));
    for (let i = 100; i < 199; i++) {
      put(root, control, share(i));
      if (i % 5 === 0) await frames(1);
    }
    put(root, control, 0, true);
    await frames(2);
  }

  // What the page says to the kernel's widgets: questions of ui.ask, and everything.
  const said = { asked: 0, all: 0 };
  function listen() {
    const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
    kernel.anyMessage.connect((_, { msg, direction }) => {
      if (direction !== "send" || msg.header.msg_type !== "comm_msg") return;
      said.all++;
      if (msg.content.data.method === "custom" && msg.content.data.content.kind === "ask") said.asked++;
    });
  }

  window.every = { content, roots, frames, picture, find, put, quick, said, listen };
})();
