"""MuseumExplorer: the bug museum in one figure. Choose an exhibit, read its code, throw the switch, watch the meter.

Here are its state and its static twin; exhibits, code and meters are gan_edu.museum's, the drawing is museum.js.
"""

from collections.abc import Sequence
from typing import Any

import traitlets

from gan_edu import museum, plots
from gan_edu.museum_cabinet import figure
from gan_edu.widgets.base import Explorer


def _facts(name: str) -> dict[str, Any]:
    """Everything the page needs of one exhibit; index 0 is as published, 1 mended."""
    one, readings = museum.exhibit(name), [museum.reading(name, mended=mended) for mended in (False, True)]
    hall = next(hall for hall in museum.HALLS if name in museum.exhibits(hall))
    return {"name": name, "hall": hall, "title": one.title, "question": one.question, "meter": one.meter,
            "axes": list(one.axes), "log": one.log, "good": one.good, "wrong": one.wrong, "where": one.where,
            "code": [museum.code(name, mended=mended) for mended in (False, True)],
            "values": [r.value for r in readings], "shown": [figure(r.value) for r in readings],
            "xs": [list(r.xs) for r in readings], "ys": [list(r.ys) for r in readings],
            "beside": [{key: figure(value) for key, value in r.beside.items()} for r in readings]}


class MuseumExplorer(Explorer, css=["museum.css"], js=["museum.js"]):
    """Show one exhibit of the museum: its code as published or mended, and what its meter reads in both cases.

    names: which exhibits, None for all of `museum.exhibits()`; all are measured when the explorer is made (some seconds).
    exhibit: the one that is shown, by default the first. mended: the switch. told: whether the answer may be read; the
    switch tells it. ValueError for names that are not there, TraitError for an exhibit that is not among them.
    """

    exhibits = traitlets.List().tag(sync=True)
    exhibit = traitlets.Unicode().tag(sync=True)
    mended = traitlets.Bool(False).tag(sync=True)
    told = traitlets.Bool(False).tag(sync=True)

    def __init__(self, names: Sequence[str] | None = None, **traits: Any) -> None:
        names = museum.exhibits() if names is None else [names] if isinstance(names, str) else list(names)
        if not names:
            raise ValueError(f"names must hold at least one exhibit of {', '.join(museum.exhibits())}, got none")
        super().__init__(exhibits=[_facts(name) for name in names], **({"exhibit": names[0]} | traits))

    @traitlets.validate("exhibit")
    def _among_the_shown(self, proposal: dict[str, Any]) -> str:
        names = [one["name"] for one in self.exhibits]
        if proposal["value"] not in names:
            raise traitlets.TraitError(f"exhibit must be one of {', '.join(names)}, got {proposal['value']!r}")
        return proposal["value"]

    @property
    def facts(self) -> dict[str, Any]:
        """Return what the page knows of the exhibit that is shown."""
        return next(one for one in self.exhibits if one["name"] == self.exhibit)

    def readouts(self) -> dict[str, float | None]:
        """Return the numbers on the figure: published, mended, and good, what a sound program reads, or None."""
        published, mended = self.facts["values"]
        return {"published": published, "mended": mended, "good": self.facts["good"]}

    def figure(self) -> Any:
        """Return the static twin: the meter's curve as published and mended, the one the switch is at drawn heavier."""
        facts = self.facts
        fig, ax = plots.figure(7.6, 3.4)
        for i, (label, color) in enumerate((("as published", "generated"), ("mended", "data"))):
            ax.plot(facts["xs"][i], facts["ys"][i], color=plots.COLORS[color], linestyle=plots.DASHES[color], marker="o",
                    markersize=4 if len(facts["xs"][i]) < 40 else 0, linewidth=2.4 if i == self.mended else 1.2,
                    label=f"{label}: {facts['shown'][i]}")
        plots.style(ax, xlabel=facts["axes"][0], ylabel=facts["axes"][1], title=f"{facts['title']}: {facts['meter']}")
        if facts["log"]:
            ax.set_yscale("log")
        ax.legend(fontsize=9, frameon=False)
        return fig

    def describe(self) -> str:
        """Return the figure in words."""
        facts = self.facts
        return (f"Exhibit {facts['title']!r}. {facts['meter']}: as published {facts['shown'][0]}, mended "
                f"{facts['shown'][1]}. The switch is at {'mended' if self.mended else 'as published'}.")

    def __repr__(self) -> str:
        return f"MuseumExplorer(exhibits={len(self.exhibits)}, exhibit={self.exhibit!r}, mended={self.mended})"
