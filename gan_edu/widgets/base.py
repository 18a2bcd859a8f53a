"""What every explorer is: traits for the state, JavaScript for the drawing, a picture for readers without a kernel.

What does not belong here: anything about one explorer. The front end's shared half is in SHARED and kit.css.
"""

import base64
import io
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.resources import files
from typing import Any

from gan_edu.widgets.wasm import dense_module

_NEEDS = ("explorers need anywidget >= 0.9.13 and ipywidgets >= 8.1 ({problem}); install them with\n"
          "    pip install 'anywidget>=0.9.13' 'ipywidgets>=8.1'\nand restart the kernel")

try:
    import anywidget
    import ipywidgets
    import traitlets
except ImportError as error:
    raise ImportError(_NEEDS.format(problem=f"{error.name or 'one of them'} is not installed")) from error

if int(ipywidgets.__version__.split(".")[0]) < 8:
    raise ImportError(_NEEDS.format(problem=f"ipywidgets {ipywidgets.__version__} is too old"))

SHARED = ("kit.js", "controls.js", "marks.js", "plot.js")   # pasted in front of every explorer's own files


@cache
def source(name: str) -> str:
    """Return the text of a front-end file that lies beside this one; net.js gets its WebAssembly kernel."""
    text = files(__package__).joinpath(name).read_text(encoding="utf-8")
    return text.replace("@DENSE_MODULE@", base64.b64encode(dense_module()).decode())


class Explorer(anywidget.AnyWidget):
    """Tie Python state, a drawing in the page and a static picture together.

    A subclass names its front end and writes three methods::

        class ValueExplorer(Explorer, js=["value.js"]):      # value.js ends in `export default { render };`
            mean = traitlets.Float(0.0).tag(sync=True)
            def figure(self): ...      # the static twin: a matplotlib Figure made by gan_edu.plots
            def describe(self): ...    # one sentence for readers who cannot see it
            def answer(self, what, content, buffers): ...    # only where JavaScript asks Python; -> (content, buffers)

    `status` is a sentence under the figure; `error` is shown in its place, with what is drawn left as it is.
    """

    status = traitlets.Unicode("").tag(sync=True)
    error = traitlets.Unicode("").tag(sync=True)

    raise_errors = False  #: True in tests: a failure in a callback is shown and then raised

    def __init_subclass__(cls, *, js: Sequence[str] | None = None, css: Sequence[str] = (), **kwargs: Any) -> None:
        if js is not None:
            cls._esm = "\n".join(source(name) for name in [*SHARED, *js])
            cls._css = "\n".join(source(name) for name in ["kit.css", *css])
        super().__init_subclass__(**kwargs)

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._lock = threading.Lock()  # messages may come in another thread
        self.on_msg(self._hear)

    def figure(self) -> Any:
        """Return the static twin as a matplotlib Figure; None where the explorer has none."""
        return None

    def describe(self) -> str:
        """Return one sentence that says what the figure shows."""
        return f"Interactive figure: {type(self).__name__}."

    def answer(self, what: str, content: dict, buffers: list) -> tuple[dict, list[bytes]]:
        """Answer a question that the front end asked with ui.ask(what, content, buffers)."""
        raise NotImplementedError(f"{type(self).__name__} has no answer to {what!r}")

    @contextmanager
    def reporting(self) -> Iterator[None]:
        """Show a failure of the body in the status line; what is drawn stays. The next success clears it."""
        try:
            yield
        except Exception as problem:
            self.error = _words(problem)
            if self.raise_errors:
                raise
        else:
            self.error = ""

    def _hear(self, _: Any, message: dict, buffers: list) -> None:
        if not isinstance(message, dict) or message.get("kind") != "ask":
            return
        reply: dict[str, Any] = {"kind": "answer", "id": message.get("id")}
        with self.reporting():
            try:
                with self._lock:
                    content, out = self.answer(message["what"], message.get("content") or {}, buffers or [])
            except Exception as problem:
                self.send(reply | {"error": _words(problem)})
                raise
            self.send(reply | {"content": content}, out)

    def png(self) -> bytes | None:
        """Return the static twin as PNG bytes, the same bytes for the same state; None where there is none."""
        figure = self.figure()
        if figure is None:
            return None
        buffer = io.BytesIO()
        figure.savefig(buffer, format="png", bbox_inches="tight", metadata={"Software": None})
        return buffer.getvalue()

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict, dict]:
        data, metadata = super()._repr_mimebundle_(**kwargs) or ({"text/plain": repr(self)}, {})
        picture = self.png()
        if picture is not None:
            data = data | {"image/png": base64.b64encode(picture).decode()}
            metadata = metadata | {"image/png": {"alt": self.describe()}}
        return data, metadata


def _words(problem: Exception) -> str:
    text = str(problem) or "no further words"
    return text if isinstance(problem, ValueError) else f"{type(problem).__name__}: {text}"
