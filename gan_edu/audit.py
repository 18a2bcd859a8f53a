"""An audit of a reader's own training loop against Algorithm 1 of Goodfellow et al. 2014, and the report it ends in. The
watching is in `audit_tape`, the judging in `audit_judges`, the words in `audit_words`; nothing is trained to be any good.

The paper prints Algorithm 1 without line numbers; ours are those of `LINES`.
"""

import html
import inspect
from collections.abc import Callable
from dataclasses import dataclass, field

from gan_edu.audit_judges import Finding, Plays
from gan_edu.audit_tape import Cut, Reals, Tape
from gan_edu.audit_words import FAULTS, HINTS, LINES
from gan_edu.errors import whole

STEPS = 5     # N: enough to see what an iteration does to the next ones


@dataclass(frozen=True)
class Fault:
    """Hold one fault: its name, the line of Algorithm 1 it breaks, one sentence, and the published error it is or None."""

    name: str
    line: int
    sentence: str
    published: str | None

    def __str__(self) -> str:
        known = f" (published: {self.published})" if self.published else ""
        return f"Line {self.line}, {LINES[self.line]}: {self.sentence}{known}"


@dataclass(frozen=True)
class Report:
    """Hold the verdict on one loop: the faults, remarks that are no faults, the ledger, and the order of the steps.

    ledger: counts by name, "D.step", "G.step", "real minibatches" (those that reached an update of D), "real minibatches
    drawn", "noise batches" (those that reached an update), "backward calls". order: a letter for each optimiser step.
    """

    k: int
    steps: int
    faults: tuple[Fault, ...]
    remarks: tuple[str, ...]
    ledger: dict[str, int] = field(hash=False)
    order: str

    @property
    def passed(self) -> bool:
        """Whether nothing breaks Algorithm 1."""
        return not self.faults

    def __bool__(self) -> bool:
        return self.passed

    @property
    def _lines(self) -> tuple[str, list[str]]:
        count, due = self.ledger, self.k * self.steps
        verdict = ("Correct: this loop plays Algorithm 1" if self.passed else
                   f"Not yet: {len(self.faults)} fault{'s' * (len(self.faults) > 1)} against Algorithm 1")
        return (f"{verdict} (k = {self.k}, N = {self.steps}; D.step {count['D.step']} of kN = {due}, G.step "
                f"{count['G.step']} of N = {self.steps}, real minibatches {count['real minibatches']} of kN = {due}, noise "
                f"batches {count['noise batches']} of (k + 1)N = {due + self.steps}).",
                [*map(str, self.faults), *(f"Remark: {remark}" for remark in self.remarks)])

    def __repr__(self) -> str:
        head, lines = self._lines
        return "\n".join([head, *(f"- {line}" for line in lines)])

    def _repr_html_(self) -> str:
        head, lines = self._lines
        mark, border = ("&#10003;", "solid") if self.passed else ("&#8635;", "dashed")
        style = f"border-left: 4px {border} currentColor; padding: 0.3em 0.8em; color: inherit"
        items = "".join(f"<li>{html.escape(line)}</li>" for line in lines)
        return (f'<div role="status" style="{style}"><b>{mark}</b> {html.escape(head)}'
                f"{f'<ul>{items}</ul>' if items else ''}</div>")


def audit_algorithm1(loop: Callable, *, k: int) -> Report:
    """Run a training loop on two small watched players for N = 5 iterations and report where it leaves Algorithm 1.

    loop: a plain function, called once as loop(G, D, opt_G, opt_D, data, k, steps). G maps noise (n, G.latent_dim) to
    points (n, 2); D maps points to logits (n, 1); opt_G and opt_D are SGD (one made in the loop is watched as well). data
    hands out a fresh real minibatch (32, 2) by `next(data)`, `data()` or `for x in data`, without end. Noise is the
    loop's own, as torch.randn(len(x), G.latent_dim). What the loop returns is not looked at.
    k: steps of D for one of G; with k = 1 faults of the inner loop cannot show, so audit with k = 3 too.

    D and G may be called with reals and fakes apart or in one batch, with detach or without, with one backward call or
    two; G may move last in an iteration, as printed, or first, which is the same play shifted by k steps of D. A loop
    that raises or does not end is a fault, not an error; a loop that swallows every exception, for ever, is beyond help.
    Random states, gradient mode and hooks are as before afterwards. Raises ValueError for a k that is no whole number
    >= 1. Source: Goodfellow et al. 2014, Algorithm 1.
    """
    tape = Tape(whole("k", k), STEPS)
    ended = _play(loop, tape, k)
    plays = Plays(tape, k, STEPS, whole=not ended)
    found: dict[str, Fault] = {}
    for name, values in (*ended, *plays.findings()):
        line, sentence, published = FAULTS[name]
        found.setdefault(name, Fault(name, line, sentence.format(**(plays.counts | values)), published))
    return Report(k, STEPS, tuple(found.values()), tuple(plays.remarks(found)), plays.ledger(), plays.order)


def _play(loop: Callable, tape: Tape, k: int) -> list[Finding]:
    """Run the loop once; return what kept it from its end."""
    arguments = [tape.players["G"], tape.players["D"], *tape.optimizers, Reals(tape), k, STEPS]
    try:
        inspect.signature(loop).bind(*arguments)
    except (TypeError, ValueError) as error:
        return [("signature", {"error": _named(error)})]
    outcome: object = None
    try:
        with tape.watching(loop):
            outcome = loop(*arguments)
    except Cut:
        pass                                          # the tape knows, also where the loop swallowed it
    except (Exception, SystemExit) as error:
        hint = next((hint for part, hint in HINTS.items() if part in str(error)), "")
        return [("raised", {"error": _named(error), "hint": hint})]
    tape.compare_weights()
    if tape.cut:
        return [("endless", {})]
    return [("generator", {})] if inspect.isgenerator(outcome) or inspect.iscoroutine(outcome) else []


def _named(error: BaseException) -> str:
    text = " ".join(str(error).split())
    text = text if len(text) <= 120 else text[:117] + "..."
    return f"{type(error).__name__}: {text}" if text and "0x" not in text else type(error).__name__
