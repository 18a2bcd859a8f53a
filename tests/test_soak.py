"""benchmarks/soak.py: its verdict, and a short one of it: live plots, slider moves, and a process that holds what it held."""

from pathlib import Path

import pytest

from scripts import benchmark


@pytest.fixture(scope="module")
def soak():
    """The script as a module; it starts nothing when it is imported."""
    with benchmark("soak") as module:
        yield module


def test_growth_counts_from_after_the_warm_up_and_its_limit_is_five_percent(soak):
    flat, grown = ([500.0] * 2 + [1000.0] * 16 + [end] * 2 for end in (1049.0, 1051.0))
    assert soak.Soak(flat, 1, 200, ((1, 0), (1, 0))).faults() == []
    assert soak.Soak(grown, 1, 200, ((1, 0), (1, 0))).faults() == ["memory grew by 5.1 %, more than 5 %"]
    for last in ((2, 0), (1, 1)):
        assert "figures were left behind" in soak.Soak(flat, 1, 200, ((1, 0), last)).faults()[0]


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="this system does not say how much memory a process holds")
def test_a_short_soak_leaves_nothing_behind(soak, tmp_path, monkeypatch):
    monkeypatch.setenv("GAN_EDU_DATA", str(tmp_path))
    seen = soak.soak(minutes=0.25, spell=2)
    assert len(seen.held) >= 3 and seen.answered == soak.MOVES * len(seen.held) and seen.faults() == []
