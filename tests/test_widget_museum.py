"""MuseumExplorer without a browser: its facts are the museum's, its switch, its static twin, what it refuses."""

import json

import pytest
import traitlets

from gan_edu import museum
from gan_edu.widgets import MuseumExplorer

QUICK = ["simultaneous", "eps-of-batchnorm", "one-half", "linspace-ring"]


@pytest.fixture
def explorer():
    return MuseumExplorer(QUICK)


def test_its_facts_are_the_museums(explorer):
    assert [one["name"] for one in explorer.exhibits] == QUICK and explorer.exhibit == QUICK[0]
    for one in explorer.exhibits:
        readings = [museum.reading(one["name"], mended=m) for m in (False, True)]
        assert one["values"] == [r.value for r in readings] and one["ys"] == [list(r.ys) for r in readings]
        assert one["code"] == [museum.code(one["name"], mended=m) for m in (False, True)]
        assert one["name"] in museum.exhibits(one["hall"])


def test_readouts_follow_the_exhibit(explorer):
    explorer.exhibit = "linspace-ring"
    assert explorer.readouts() == {"published": 7, "mended": 8, "good": 8}
    explorer.exhibit = "simultaneous"
    assert explorer.readouts()["good"] is None


def test_one_exhibit_by_its_name():
    assert len(MuseumExplorer("one-half").exhibits) == 1
    assert MuseumExplorer(QUICK, exhibit="one-half", mended=True, told=True).facts["name"] == "one-half"


@pytest.mark.parametrize(("names", "words"), [([], "at least one exhibit"), (["nobody"], "exhibit must be one of"),
                                              ("one-halv", "did you mean one-half")])
def test_names_are_checked(names, words):
    with pytest.raises(ValueError, match=words):
        MuseumExplorer(names)


def test_an_exhibit_that_is_not_shown_is_refused(explorer):
    with pytest.raises(traitlets.TraitError, match="exhibit must be one of simultaneous"):
        explorer.exhibit = "k-steps"
    assert explorer.exhibit == "simultaneous"


@pytest.mark.parametrize("name", QUICK)
def test_pictures_words_and_state(name):
    for mended in (False, True):
        shown = MuseumExplorer([name], mended=mended)
        data, metadata = shown._repr_mimebundle_()
        assert shown.png() == shown.png() and data["image/png"]
        alt = metadata["image/png"]["alt"]
        assert museum.exhibit(name).meter in alt and ("at mended" in alt) == mended
        assert repr(shown) == f"MuseumExplorer(exhibits=1, exhibit={name!r}, mended={mended})"
        assert len(json.dumps(shown.get_state()["exhibits"])) < 60_000
