"""The thread behind GameExplorer: it calls `training.train`, paces it, and ends at a step's end when nothing is to do.

Paces: "fast"; "slow", a wait after every line of Algorithm 1; "paused". A press of "one step" or "next line" is a
credit that is used up. No traits and no pictures here: it is told what to do by methods and tells by calling back.
"""

import threading
from collections.abc import Callable
from typing import Any

import torch

from gan_edu.training import train
from gan_edu.widgets.game_match import COUNTS, Match, Settings

PART = 10_000            # steps of one call of `train`: its History, which grows, then starts anew
_LAST = 2**32            # seeds are below it


class _Leave(Exception):  # noqa: N818  (nothing went wrong)
    """Leave `train` between two steps."""


class Trainer:
    """Play a game in a thread of its own, step by step or line by line.

    settings: where it starts. on_line(line, tensor): after each line in slow motion. on_step(): after each step.
    on_part(words, fresh): settings have changed, in words, and with them the networks where fresh. on_error(problem):
    the game has stopped at its last good step. All four are called in the thread, or, where none runs, in the
    caller's. delay: seconds a line in slow motion.
    """

    def __init__(self, settings: Settings, *, on_line: Callable[[str, Any], None], on_step: Callable[[], None],
                 on_part: Callable[[str, bool], None], on_error: Callable[[Exception], None],
                 delay: float = 0.9) -> None:
        self.on_line, self.on_step, self.on_part, self.on_error, self.delay = on_line, on_step, on_part, on_error, delay
        self.pace, self.line = "paused", ""
        self._bell = threading.Condition(threading.RLock())
        self._thread: threading.Thread | None = None
        self._wanted, self._lines, self._steps, self._careful, self._fresh = settings, 0, 0, False, False
        self._start(settings)

    # ---- what it is told, from any thread
    def command(self, *, pace: str | None = None, lines: int = 0, steps: int = 0, settings: Settings | None = None,
                fresh: bool = False) -> None:
        """Change the pace, give credits for lines or steps, ask for other settings or for a fresh start."""
        with self._bell:
            self.pace = pace or self.pace
            self._lines, self._steps = self._lines + lines, self._steps + steps
            self._wanted, self._fresh = settings or self._wanted, self._fresh or fresh
            self._bell.notify_all()
            if self._thread is None and self._has_work():
                self._thread = threading.Thread(target=self._main, name="GameExplorer", daemon=True)
                self._thread.start()
            elif self._thread is None:
                self._take_settings()

    def stop(self, timeout: float = 10.0) -> None:
        """Pause at the end of the step in progress and wait until the thread is gone."""
        with self._bell:
            self.pace, self._lines, self._steps, thread = "paused", 0, 0, self._thread
            self._careful = False
            self._bell.notify_all()
        if thread is not None and thread is not threading.current_thread():
            thread.join(timeout)

    def run(self, steps: int) -> None:
        """Make so many steps in the caller's thread and return."""
        self.stop()
        with self._bell:
            self._steps, self._thread = steps, threading.current_thread()
        self._main()

    @property
    def steps_left(self) -> int:
        """Say how many steps asked for are still to be made."""
        return self._steps

    @property
    def running(self) -> bool:
        """Say whether a thread is at work (or waits at a line)."""
        return self._thread is not None

    # ---- the thread
    def _has_work(self) -> bool:
        return self.pace != "paused" or self._lines > 0 or self._steps > 0

    def _starts_afresh(self) -> bool:
        return self._fresh or self._wanted.needs_new_networks(self.match.settings) != ""

    def _main(self) -> None:
        try:
            while self._begins_a_part():
                self._play_a_part()
        finally:
            with self._bell:                              # also when something was raised: the next press starts a new thread
                if self._thread is threading.current_thread():
                    self._thread, self._steps, self._lines, self._careful = None, 0, 0, False

    def _begins_a_part(self) -> bool:
        with self._bell:
            self._take_settings()
            if not self._has_work():
                self._thread, self._careful = None, False      # under the lock: a press after it finds no thread
                return False
            self._careful = self.pace == "slow" or (self.pace == "paused" and self._steps == 0)
            if self.pace == "paused" and self._lines:
                self._lines -= 1
            return True

    def _play_a_part(self) -> None:
        match, settings = self.match, self.match.settings
        if self._done >= PART:
            self._new_part()
        self._playing = True
        try:
            train(match.game, match.source, k=settings.k, batch_size=settings.batch_size, steps=PART, resume=self._same,
                  seed=(settings.seed + 7919 * self._part) % _LAST, optimizers=(match.opt_G, match.opt_D),
                  on_step=self._after_step, progress=False)
        except _Leave:
            pass
        except Exception as problem:
            with self._bell:
                self.pace, self._lines, self._steps, self._counting = "paused", 0, 0, dict(self.ledger)
            self.on_error(problem)
        finally:
            self._playing, self._same = False, True
        if match.game.run is not None and match.game.run.history.stopped == "asked":      # by the stop button, in `run`
            with self._bell:
                self.pace, self._lines, self._steps = "paused", 0, 0

    def _hear(self, line: str, tensor: torch.Tensor | None) -> None:
        """A line of Algorithm 1 was done. Steps that are replayed after an error were heard before."""
        run = self.match.game.run
        if not self._playing or run is None or run.step < self._done:
            return
        if line in COUNTS:
            self._counting[COUNTS[line]] += 1
        with self._bell:
            # not in the middle: later lines are about what this one and others made
            if line == "x" and not self._careful and (self.pace == "slow" or self._lines):
                self._careful = True
                if self.pace == "paused":
                    self._lines -= 1
            if self.pace == "fast" or self._steps:
                self._careful = False
        if self._careful:
            self.line = line
            self.on_line(line, tensor)
            self._wait(line)

    def _wait(self, line: str) -> None:
        with self._bell:
            if self.pace == "slow":
                self._bell.wait_for(lambda: self.pace != "slow" or self._steps or self._lines, timeout=self.delay)
            if line != "step_G":                                # there the end of the step is where to wait
                self._bell.wait_for(lambda: self._has_work() or not self._careful or self._starts_afresh())
                if self.pace == "paused" and self._lines:
                    self._lines -= 1

    def _after_step(self, run: Any) -> None:
        self._done, self.ledger, self.line = run.step, dict(self._counting), ""
        losses = self.match.game.losses
        self.losses = {name: float(losses[name].detach()) for name in ("D", "G")}
        with self._bell:
            self._steps = max(0, self._steps - 1)
        self.on_step()
        with self._bell:
            if self._lines and self.pace == "paused":
                self._lines, self._careful = self._lines - 1, True
            elif not self._has_work() or self._fresh or self._wanted != self.match.settings:
                raise _Leave

    # ---- parts: what may change only between two steps
    def _start(self, settings: Settings) -> None:
        self.match = Match(settings, self._hear)
        self.ledger = {"D_steps": 0, "G_steps": 0, "minibatches": 0, "gradients": 0}
        self.losses, self._counting, self._part, self._playing = {}, dict(self.ledger), -1, False
        self._new_part()

    def _new_part(self) -> None:
        self._part, self._done, self._same = self._part + 1, 0, False

    def _take_settings(self) -> None:
        before, wanted, step = self.match.settings, self._wanted, self.ledger["G_steps"]
        fresh, self._fresh = self._fresh, False
        why = "you asked for it" if fresh else wanted.needs_new_networks(before)
        if why:
            self._start(wanted)
            self.on_part(f"New networks and optimisers, step 0: {why}.", True)
        elif wanted != before:
            self.match.go_on(wanted)
            self._new_part()
            named = ", ".join("the drawing" if name == "toy" else f"{name} = {getattr(wanted, name)}"
                              for name in wanted.differences(before))
            self.on_part(f"From step {step:,} on: {named}; same networks, same optimisers.", False)
