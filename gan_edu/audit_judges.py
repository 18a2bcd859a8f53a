"""The judges of an audit: from the tape of a loop to the names of its faults, with the numbers their sentences need. The
sentences are in `audit_words`, the watching in `audit_tape`.
"""

from collections.abc import Iterable, Iterator

import numpy as np

from gan_edu.audit_tape import Backward, Made, Pass, Step, Tape

Finding = tuple[str, dict]     # a name in FAULTS, and what its sentence leaves open


class Plays:
    """Read a tape: of each step, which backward calls are its own, left over, or the other player's."""

    def __init__(self, tape: Tape, k: int, steps: int, *, whole: bool) -> None:
        self.tape, self.k, self.steps, self.whole = tape, k, steps, whole
        self.order = "".join(step.player for step in tape.steps)
        self.of_D = [step for step in tape.steps if step.player == "D"]
        self.of_G = [step for step in tape.steps if step.player == "G"]
        self.users: dict[Backward, list[Step]] = {}
        for step in tape.steps:
            for b in step.backwards:
                self.users.setdefault(b, []).append(step)
        # D's convention: whether its losses push the logits of reals up (label 1 is real) or down
        reals = [some for step in self.of_D for b in step.backwards if len(some := self._of(b, "real"))]
        self.real_up = not reals or _up(np.concatenate(reals))
        self.kinds = {step: {b: self._kind(b, step) for b in step.backwards} for step in tape.steps}
        self.counts = {"k": k, "N": self.steps, "kN": k * self.steps, "D": len(self.of_D), "G": len(self.of_G),
                       "rounds": len(self._rounds()), "order": self.order[:24] + "..." * (len(self.order) > 24)}

    def _kind(self, backward: Backward, step: Step) -> str:
        """Say whose gradient this is to the step: own, left (an earlier step's of the same player), or other."""
        looks = "D" if len(self._of(backward, "real")) or _up(self._of(backward, "fake")) != self.real_up else "G"
        users = self.users[backward]
        if looks != step.player and any(user.player != step.player for user in users):
            return "other"
        return "left" if any(user.player == step.player and user.time < step.time for user in users) else "own"

    def _of(self, backward: Backward, origin: str) -> np.ndarray:
        """Return the rows (logit, change of loss with it) of one backward call; an optimiser that ascends turns the sign."""
        return _slopes(backward, origin) * (1, self.users[backward][0].sign)

    def slopes(self, step: Step, origin: str) -> np.ndarray:
        """The same rows of all backward calls that are a step's own."""
        own = self.own(step) if step.gradient == "good" else []    # after a nan nothing can be told
        return np.concatenate([np.empty((0, 2)), *(self._of(b, origin) for b in own)])

    def own(self, step: Step) -> list[Backward]:
        return [b for b, kind in self.kinds[step].items() if kind == "own"]

    def rows(self, step: Step) -> Iterator[tuple[Pass, object]]:
        """Each row of each pass that a step's own gradient came through, with its origin."""
        return ((call, o) for b in self.own(step) for call, slopes in b.felt
                for o, slope in zip(call.origin, slopes, strict=True) if slope)

    def draws(self, step: Step) -> set[int]:
        return {origin for _, origin in self.rows(step) if isinstance(origin, int)}

    def noise(self, step: Step) -> set[bytes]:
        return {origin[1] for _, origin in self.rows(step) if isinstance(origin, tuple)}

    def calls_of_G(self, step: Step) -> set[Made]:
        return {origin[0] for _, origin in self.rows(step) if isinstance(origin, tuple)}

    def number(self, step: Step) -> int:
        """1 for the first step of its player."""
        return 1 + (self.of_D if step.player == "D" else self.of_G).index(step)

    def _rounds(self) -> list[Pass]:
        """The passes of D over reals that were meant to teach it."""
        return [call for call in self.tape.passes if call.learns and any(isinstance(o, int) for o in call.origin)]

    def ledger(self) -> dict[str, int]:
        used = set().union(*map(self.calls_of_G, self.tape.steps))
        return {"D.step": len(self.of_D), "G.step": len(self.of_G),
                "real minibatches": len(set().union(*map(self.draws, self.of_D))),
                "real minibatches drawn": self.tape.draws,
                "noise batches": len({frozenset(made.noise) for made in used}), "backward calls": self.tape.backward_calls}

    def findings(self) -> Iterator[Finding]:
        if self.whole and not self.order:
            yield "nothing", {}
        elif self.order:
            if self.whole:
                yield from self._counts()
            for judge in (self._reals, self._noise, self._times, self._gradients, self._loss_D, self._loss_G, self._rest):
                yield from judge()

    # ---- lines 1, 2 and 8: how often, in which order -----------------------------------------------------------

    def _halves(self) -> bool:
        """Whether D made steps on reals alone and others on fakes alone, and hardly any on both."""
        seen = [(bool(self.draws(step)), bool(self.noise(step))) for step in self.of_D]
        return (True, False) in seen and (False, True) in seen and (True, True) not in seen

    def _lost(self) -> int:
        """Number of D's passes over reals that no step of D was made of."""
        used = {call for step in self.of_D for b in step.backwards for call, _ in b.felt}
        return sum(call not in used for call in self._rounds())

    def _counts(self) -> Iterator[Finding]:
        D, G, due = len(self.of_D), len(self.of_G), self.k * self.steps
        if self._halves():
            yield "halves", {}
        elif D < due <= self.counts["rounds"]:
            yield ("only_last" if self._lost() else "summed"), {"lost": self._lost()}
        elif D != due:
            yield "count_D", {}
        if G != self.steps:
            yield "count_G", {}
        printed = "D" * self.k + "G"
        if (D, G) == (due, self.steps) and self.order not in (printed * self.steps, printed[::-1] * self.steps):
            yield "order", {"printed": printed}

    # ---- lines 3, 4 and 7: fresh minibatches -------------------------------------------------------------------

    def _reals(self) -> Iterator[Finding]:
        looks = [(step.iteration, self.draws(step)) for step in self.of_D]
        if self._lost() and len(self.of_D) < self.k * self.steps:
            looks = [(call.iteration, {o for o in call.origin if isinstance(o, int)}) for call in self._rounds()]
        seen: dict[int, int] = {}
        for iteration, draws in looks:
            for draw in draws:
                if draw in seen and not self._halves():
                    yield ("same_reals" if seen[draw] == iteration else "old_reals"), {"draw": draw + 1}
                seen[draw] = iteration

    def _noise(self) -> Iterator[Finding]:
        seen: dict[bytes, Step] = {}
        for step in self.tape.steps:
            noise = self.noise(step)
            for z in sorted(noise & seen.keys()):
                near = seen[z].iteration == step.iteration or seen[z].player != step.player
                name = f"noise_{step.player}{seen[z].player}" + ("" if near else "_old")
                yield name, {"n": self.number(step)}
            seen |= dict.fromkeys(noise, step)
            if any(len(set(made.noise)) < len(made.noise) for made in self.calls_of_G(step)):
                yield "flat_noise", {}

    # ---- lines 5 and 8: the gradients --------------------------------------------------------------------------

    def _times(self) -> Iterator[Finding]:
        """Each loss must be computed with the weights that both players have at that moment."""
        last = {"D": -1, "G": -1}
        for step in self.tape.steps:
            values = {"player": step.player, "n": self.number(step)}
            for call, origin in self.rows(step):
                if step.player == "G" and call.time < last["D"]:
                    yield "simultaneous", values
                elif isinstance(origin, tuple) and origin[0].time < last["G"]:
                    yield ("simultaneous" if call.time < last["G"] else "old_fakes"), values
            last[step.player] = step.time

    def _gradients(self) -> Iterator[Finding]:
        for step in self.tape.steps:
            kinds = set(self.kinds[step].values())
            for name, there in (("no_gradient", step.gradient == "none"), ("nan", step.gradient == "nan"),
                                ("left", "left" in kinds), ("leak", "other" in kinds)):
                if there:
                    yield f"{name}_{step.player}", {"n": self.number(step)}

    def _loss_D(self) -> Iterator[Finding]:
        for step in self.of_D:
            real, fake = (self.slopes(step, origin) for origin in ("real", "fake"))
            if len(real) and len(fake):
                yield from self._labels(real, fake)
            elif (len(real) or len(fake)) and not self._halves():
                seen, missing = ("reals", "fakes") if len(real) else ("fakes", "reals")
                yield "one_sided", {"n": self.number(step), "seen": seen, "missing": missing}

    def _labels(self, real: np.ndarray, fake: np.ndarray) -> Iterator[Finding]:
        """Judge D's loss by its slopes at the logits, whatever its name; the losses of D are convex there."""
        if _up(real) == _up(fake):
            yield "one_label", {"way": "up" if _up(real) else "down"}
        elif _concave(real) or _concave(fake):
            yield ("bent" if _up(real) else "descends_V"), {}
        elif not _up(real):
            if self._G_ups() != {False}:              # else the game is the same one with its labels swapped
                yield "swapped", {}
        elif (targets := _targets(real, fake)) is not None:
            one, zero, ratio = targets
            if one > 1.02 or abs(zero) > 0.02:
                yield "smoothed", {"real": one, "fake": zero}
            elif abs(ratio - 1) > 0.02 and len(real) == len(fake):
                yield "weights", {"ratio": ratio}

    def _G_ups(self) -> set[bool]:
        slopes = (self.slopes(step, "fake") for step in self.of_G)
        return {_up(some) for some in slopes if len(some)}

    def _loss_G(self) -> Iterator[Finding]:
        for step in self.of_G:
            if self.own(step) and not any(True for _ in self.rows(step)):
                yield "around_D", {"n": self.number(step)}
        if self.real_up and False in self._G_ups():
            yield "sign_G", {}

    def _rest(self) -> Iterator[Finding]:
        """Modes, rows from nowhere, weights that moved, graphs that stayed."""
        for step in self.tape.steps:
            at_hand = {"eval_D": any(not call.training for call, _ in self.rows(step)),
                       "eval_G": any(not made.training for made in self.calls_of_G(step)),
                       "strange": any(origin is None for _, origin in self.rows(step)), "both": not step.alone}
            yield from ((name, {"player": step.player}) for name, there in at_hand.items() if there)
        yield from ((f"tampered_{name}", {}) for name in self.tape.tampered)
        if self.tape.retained:
            yield "retain", {}
        if self.tape.kept >= self.steps - 2:
            yield "kept", {}

    def remarks(self, found: Iterable[str]) -> Iterator[str]:
        """What is worth a word and breaks nothing."""
        if self.k == 1:
            yield "with k = 1 faults of the inner loop cannot show; audit with k = 3 too."
        if self.order.startswith("G") and not set(found) & {"order", "count_D", "count_G", "raised", "endless"}:
            yield "G moves first in each iteration; the paper lets D begin."
        if not self.real_up and not found:
            yield "the labels are swapped (0 for reals): a convention, as long as both players share it."
        slopes = [self.slopes(step, origin) for step in self.of_D[:1] for origin in ("real", "fake")]
        if not found and self.real_up and (targets := _targets(*slopes)) and targets[0] < 0.98:
            yield f"the target of reals is {targets[0]:.2f}: one-sided label smoothing, which moves D* away from eq. (2)."


def _slopes(backward: Backward, origin: str) -> np.ndarray:
    """Return the rows (logit, dLoss/dlogit) of all reals or of all fakes that a loss depends on, (n, 2)."""
    kind = int if origin == "real" else tuple
    return np.array([(logit, slope) for call, slopes in backward.felt
                     for logit, slope, o in zip(call.logits, slopes, call.origin, strict=True)
                     if isinstance(o, kind) and slope]).reshape(-1, 2)


def _line(x: np.ndarray, y: np.ndarray) -> tuple[float, float]:
    """Return slope and value at 0 of the straight line nearest to the points."""
    slope = np.mean((x - x.mean()) * (y - y.mean())) / (np.var(x) + 1e-12)
    return slope, y.mean() - slope * x.mean()


def _up(rows: np.ndarray) -> bool:
    """Say whether a descent of the loss raises logits that are near 0."""
    return bool(len(rows)) and _line(*rows.T)[1] < -0.01 * np.abs(rows[:, 1]).max()


def _concave(rows: np.ndarray) -> bool:
    """Say whether the loss is concave in the logit: its slope falls where the logit rises."""
    return _line(*rows.T)[0] * np.ptp(rows[:, 0]) < -0.01 * np.abs(rows[:, 1]).max()


def _targets(real: np.ndarray, fake: np.ndarray) -> tuple[float, float, float] | None:
    """Return the targets of reals and fakes and the ratio of their weights, if the loss is a cross-entropy, else None.

    Its slope at a logit l is c (sigmoid(l) - target): exactly a straight line in sigmoid(l).
    """
    lines = []
    for rows in (real, fake):
        if not len(rows):
            return None
        p = 1 / (1 + np.exp(-rows[:, 0]))
        slope, at0 = _line(p, rows[:, 1])
        largest = np.abs(rows[:, 1]).max()
        if slope < 0.01 * largest or np.abs(slope * p + at0 - rows[:, 1]).max() > 1e-4 * largest:
            return None
        lines.append((-at0 / slope, slope))
    return lines[0][0], lines[1][0], lines[0][1] / lines[1][1]
