"""Stop what plays in the background when the reader interrupts the kernel, whether a cell runs just then or not.

While a cell runs, its KeyboardInterrupt tells. Between cells a kernel ignores the signal, so a handler is put where
nothing but that was; it is put there by the kernel's own loop, since only the main thread may. Elsewhere: nothing.
"""

import signal
import threading
import weakref
from typing import Any

from IPython import get_ipython

_playing: "weakref.WeakSet[Any]" = weakref.WeakSet()
_shells: "weakref.WeakSet[Any]" = weakref.WeakSet()      # those that tell us when a cell ends


def stop_when_interrupted(explorer: Any) -> None:
    """Call explorer.stop() at the next interrupt of the kernel; may be called again, from any thread."""
    shell = get_ipython()
    loop = getattr(getattr(shell, "kernel", None), "io_loop", None)
    if loop is None:
        return
    _playing.add(explorer)
    if shell not in _shells:
        _shells.add(shell)
        shell.events.register("post_run_cell", _after_cell)
    loop.add_callback(_arm)


def _arm() -> None:
    main = threading.current_thread() is threading.main_thread()
    if main and signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, _interrupted)


def _after_cell(result: Any) -> None:
    if isinstance(result.error_in_exec, KeyboardInterrupt):
        _interrupted()


def _interrupted(*_: Any) -> None:
    for explorer in list(_playing):
        explorer.stop()
    _playing.clear()
