"""Ctrl-C and the stop button: a run ends between two steps, and no later run of the same cell begins."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from gan_edu import course

_stopped = threading.Event()     # set from the stop button to the end of its cell


@contextmanager
def stops_between_steps(run: Any) -> Iterator[None]:
    """Turn the first Ctrl-C (or the stop button) into run.stop(); the second one stops at once."""
    if threading.current_thread() is not threading.main_thread():
        yield                                             # Python lets only the main thread have handlers
        return

    def on_interrupt(number: int, frame: Any) -> None:
        if run._stop.is_set() and not run.broken:         # once, so that going back is not interrupted again
            run.broken = True
            raise KeyboardInterrupt
        run.stop(), stop_cell()

    before = signal.signal(signal.SIGINT, on_interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def stop_cell() -> None:
    """Let the stop button mean the whole cell, where there are cells: no later run of this one will start."""
    shell = course.shell()
    if shell is None or _stopped.is_set():
        return

    def forget(result: Any) -> None:
        _stopped.clear()
        shell.events.unregister("post_run_cell", forget)

    _stopped.set()
    shell.events.register("post_run_cell", forget)


def require_cell() -> None:
    """Raise KeyboardInterrupt where an earlier run of this cell was stopped by the stop button."""
    if _stopped.is_set() and threading.current_thread() is threading.main_thread():
        raise KeyboardInterrupt("stopped in an earlier run of this cell; run the cell again")
