"""What an exhibit of the museum is: code as published, the same code mended, and a meter that tells the two apart.

The exhibits themselves are in the other files of this room; how a visitor reaches them is in museum.
"""

import inspect
import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from torch import Tensor
from torch.nn.functional import softplus

UNNAMED = "Met in published code or text. The course's table of errors keeps the error and leaves its author in peace."


@dataclass(frozen=True)
class Reading:
    """Hold what a meter says of one exhibit with the switch in one position.

    value: the number. meter: what it is a number of. xs, ys: the curve behind it, of equal length. beside: further
    numbers by name. `float(reading)` is the value.
    """

    exhibit: str
    mended: bool
    value: float
    meter: str
    xs: tuple[float, ...]
    ys: tuple[float, ...]
    beside: dict[str, float] = field(default_factory=dict, hash=False)

    def __float__(self) -> float:
        return self.value

    def __repr__(self) -> str:
        more = "".join(f"; {name} {figure(value)}" for name, value in self.beside.items())
        return f"{'mended' if self.mended else 'as published':12} {self.meter}: {figure(self.value)}{more}"


def figure(value: float) -> str:
    """Return a number as it is shown: whole ones with commas, others with four digits."""
    if float(value).is_integer() and abs(value) < 1e9:
        return f"{value:,.0f}"
    return f"{value:,.0f}" if abs(value) >= 1e4 else f"{value:.4g}"


Curve = tuple[float, Sequence[float], Sequence[float], dict[str, float]]      # value, xs, ys, beside


class Exhibit:
    """Be one published error; a subclass fills these in and is in the museum.

    name, title, question: what the visitor sees before the answer. meter: what is measured, in words with its unit;
    axes: labels of its curve. good: what a sound program reads, None where there is no such number. wrong: the error in
    one or two sentences. where: where it was found.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    question: ClassVar[str]
    meter: ClassVar[str]
    axes: ClassVar[tuple[str, str]]
    good: ClassVar[float | None] = None
    log: ClassVar[bool] = False         # whether the y axis is logarithmic
    wrong: ClassVar[str]
    where: ClassVar[str] = UNNAMED

    published: ClassVar[Callable]
    mended: ClassVar[Callable]

    @staticmethod
    def measure(code: Callable) -> Curve:
        """Run one of the two and return the meter's value, the curve behind it and further numbers."""
        raise NotImplementedError

    def __init_subclass__(cls) -> None:
        CABINET[cls.name] = cls


CABINET: dict[str, type[Exhibit]] = {}       # in the order of the files that are imported


def source(code: Callable) -> str:
    """Return the lines of an exhibit's function, as a visitor reads them."""
    lines = inspect.getsource(code).splitlines()
    return textwrap.dedent("\n".join(line for line in lines if line.strip() != "@staticmethod"))


def bce(logit: Tensor, label: float) -> Tensor:
    """Return the binary cross-entropy -y log D - (1 - y) log(1 - D) in nats, elementwise, for one label y."""
    return softplus(logit) - label * logit
