"""A page without Jupyter that shows one explorer, so that its front end is tested in milliseconds. Test help only.

The page's model keeps state in memory, counts what would have been told to Python, and answers nothing.
"""

import base64
import json
from typing import Any

FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"      # two frames go by
# what the readouts say
READ = """() => Object.fromEntries([...document.querySelectorAll('.gx-readout')].map((e) => [
    e.querySelector('.gx-name').textContent, e.querySelector('.gx-value').textContent.replaceAll('\\u2212', '-')]))"""

_PAGE = """<!doctype html><meta charset="utf-8"><title>explorer</title>
<style>body {{ margin: 16px; background: {ground}; color: {ink}; }} {css}</style><div id="host"></div>
<script type="module">
const state = {state};
for (const [name, text] of Object.entries({buffers})) {{
  const bytes = Uint8Array.from(atob(text), (c) => c.charCodeAt(0));
  state[name] = new DataView(bytes.buffer);
}}
const heard = {{}};
window.listening = heard;
window.saved = [];
window.sent = [];
window.model = {{
  get: (name) => state[name],
  set: (name, value) => {{
    if (state[name] === value) return;
    state[name] = value;
    for (const fn of heard[`change:${{name}}`] ?? []) fn();
  }},
  save_changes: () => window.saved.push(structuredClone({{ ...state }})),
  send: (message) => window.sent.push(message),
  on: (name, fn) => (heard[name] ??= []).push(fn),
  off: (name, fn) => {{ heard[name] = (heard[name] ?? []).filter((f) => f !== fn); }},
}};
const source = {esm};
window.module_url = URL.createObjectURL(new Blob([source], {{ type: "text/javascript" }}));
window.listeners = () => Object.values(heard).reduce((sum, list) => sum + list.length, 0);
const {{ default: widget }} = await import(window.module_url);
await widget.initialize?.({{ model: window.model }});
window.close_view = await widget.render({{ model: window.model, el: document.getElementById("host") }});
window.ready = true;
</script>"""


def page_of(explorer: Any, *, dark: bool = False) -> str:
    """Return a whole HTML page with one live explorer; window.ready is true when it is drawn."""
    state = {k: v for k, v in explorer.get_state().items() if not k.startswith("_") and k not in ("layout", "tooltip")}
    buffers = {k: base64.b64encode(v).decode() for k, v in state.items() if isinstance(v, bytes)}
    plain = {k: v for k, v in state.items() if k not in buffers and k != "comm"}
    return _PAGE.format(state=_js(plain), buffers=_js(buffers), esm=_js(explorer._esm), css=explorer._css,
                        ground="#0d1117" if dark else "#ffffff", ink="#e6e9ed" if dark else "#1f2328")


def _js(value: Any) -> str:
    return json.dumps(value).replace("</", "<\\/")


def assert_narrow_and_gone(page: Any, width: int = 460) -> None:
    """Assert that the explorer fits into a narrow pane, and that its view leaves no listener when it is closed."""
    page.set_viewport_size({"width": width, "height": 1000})
    page.evaluate(FRAMES)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    page.evaluate("window.close_view()")
    assert page.evaluate("window.listeners()") == 0 and page.locator(".gx").count() == 0
