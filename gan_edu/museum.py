"""The bug museum: published errors that run. Each has its code as published and mended, and a meter for the difference.

This file is the door; the exhibits are in the other files of the room, by what is wrong: loops, layers, losses, meters.
They are shortened and written in our own words and names; each was a small slip in work that helped many people.
"""

import difflib
from functools import cache

from gan_edu import museum_layers, museum_loops, museum_losses, museum_meters
from gan_edu.museum_cabinet import CABINET, Exhibit, Reading, source

HALLS = {"the loop": museum_loops, "the layers": museum_layers, "the losses": museum_losses, "the meters": museum_meters}


def exhibits(hall: str | None = None) -> list[str]:
    """Return the names of all exhibits in the order of the tour, or those of one hall, a key of `HALLS`.

    Raises ValueError for a hall that is not there.
    """
    if hall is not None and hall not in HALLS:
        raise ValueError(f"hall must be one of {', '.join(HALLS)}, got {hall!r}")
    rooms = [HALLS[hall]] if hall else list(HALLS.values())
    return [name for room in rooms for name, one in CABINET.items() if one.__module__ == room.__name__]


def exhibit(name: str) -> type[Exhibit]:
    """Return an exhibit: its title, question, meter, wrong, where, and its two pieces of code.

    Raises ValueError for a name that is not there, and says which is near.
    """
    if name not in CABINET:
        near = difflib.get_close_matches(str(name), CABINET, 1)
        hint = f"; did you mean {near[0]}?" if near else ""
        raise ValueError(f"exhibit must be one of {', '.join(exhibits())}, got {name!r}{hint}")
    return CABINET[name]


def code(name: str, *, mended: bool = False) -> str:
    """Return the lines of an exhibit as text, exactly those that `reading` runs. Raises ValueError for another name."""
    one = exhibit(name)
    lines = source(one.mended if mended else one.published)
    return lines.replace("def mended(", "def published(", 1) if not mended else lines     # one was mended in another exhibit


def show(name: str, *, mended: bool = False) -> Reading:
    """Return what the meter of an exhibit reads with the switch at published (False) or mended (True).

    Everything is computed when it is first asked for, from fixed seeds. Raises ValueError for another name.
    """
    return _reading(exhibit(name), bool(mended))


reading = show                        # the word of the notebook


@cache
def _reading(one: type[Exhibit], mended: bool) -> Reading:
    value, xs, ys, beside = one.measure(one.mended if mended else one.published)
    return Reading(one.name, mended, float(value), one.meter, tuple(map(float, xs)), tuple(map(float, ys)),
                   {key: float(number) for key, number in beside.items()})
