"""Verdicts of notebook 05: a loop in any right style, each published fault by its name; the document's K loop; a plan."""

import sys

import numpy as np
import pytest
import torch

import made_loops
from gan_edu.checks import check, exercises
from gan_edu.checks.nb05 import _GOOD, _INNOCENT, _LINE, _on_reading
from gan_edu.sweeps import shipped
from test_audit import loop_of
from verdict_table import accepts, refuses, survives

SOLUTION = {"steps of D": 100, "steps of G": 100, "minibatches": 100, "line": 7}


def test_the_notebook_has_its_exercises():
    assert exercises("05") == ["05-budget", "05-k-loop", "05-loop"]


# ---- the loop

def left_open(G, D, opt_G, opt_D, data, k, steps):
    for _ in range(steps):
        ...


def test_the_loop():
    styles = ("reference", "helpers, uniform noise, islice", "G first", "one backward call for two losses")
    survives("05-loop", right=[loop_of(made_loops.STYLES[name]) for name in styles],
             wrong=[left_open, made_loops.REFERENCE, loop_of(made_loops.DOCUMENT)], secrets=("detach()", "softplus"))
    assert repr(check("05-loop", left_open)) == repr(check("05-loop", ...))


@pytest.mark.parametrize("name, k, piece", [
    ("the source document's K loop", 3, "D's optimiser stepped 5 times, not kN = 15"),
    ("k steps on one minibatch", 3, "D's k steps share one real minibatch"),
    ("G reuses D's noise", 3, "step 1 of G uses noise that a step of D had used"),
    ("real step, fake step", 3, "two optimiser steps, not one gradient of V"),
    ("simultaneous, D's weights first", 3, "D's optimiser stepped 5 times, not kN = 15"),
    ("retain_graph as a cure", 3, "retain_graph=True"),
])
def test_a_published_fault_is_named(name, k, piece):
    line = repr(refuses("05-loop", loop_of(made_loops.PUBLISHED[name][0])))
    assert piece in line and f"with k = {k}: Line " in line


@pytest.mark.parametrize("count, k", [("3", 1), ("1", 3), ("max(k, 2)", 1), ("k if k != 2 else 3", 2)])
def test_a_loop_that_does_not_heed_k_is_found_out(count, k):
    loop = loop_of(made_loops.edited(("range(k)", f"range({count})")))
    assert f"with k = {k}: " in repr(refuses("05-loop", loop))


def test_several_faults_are_counted_and_one_is_told():
    line = repr(refuses("05-loop", loop_of(made_loops.DOCUMENT)))
    assert line.endswith("And 2 more: audit_algorithm1(my_loop, k=3) lists them all.") and line.count("Line ") == 1


@pytest.mark.parametrize("name", list(made_loops.WRECKS))
def test_a_wreck_is_answered_kindly(name):
    refuses("05-loop", loop_of(made_loops.WRECKS[name][0]))


@pytest.mark.skipif(sys.gettrace() is not None, reason="a debugger or a coverage run keeps its own tracer")
def test_a_loop_that_spins_is_cut():
    assert "does not end by itself" in repr(refuses("05-loop", loop_of(made_loops.SPINS)))


# ---- the document's K loop

def test_the_k_loop():
    survives("05-k-loop", secrets=("line 7", "continue", "100"), right=[SOLUTION, {name: float(n) for name, n in SOLUTION.items()}],
             wrong=[SOLUTION | {"line": 3}, SOLUTION | {"line": "7"}, SOLUTION | {"line": ...}, SOLUTION | {"line": 0},
                    {"line": 7}, [100, 100, 100, 7], SOLUTION | {"line": 7.5}, SOLUTION | {"steps of D": True}])


@pytest.mark.parametrize("part, value, piece", [
    ("steps of D", 300, "what the loop is meant to make"), ("steps of D", 33, "how often line 8 is reached"),
    ("steps of G", 300, "line 9 stands outside"), ("minibatches", 300, "drawn by line 1"),
    ("minibatches", 33, "which of them reach a step"),
    *[("line", line, why) for line, why in _INNOCENT.items()]])
def test_each_misreading_has_its_answer(part, value, piece):
    line = repr(refuses("05-k-loop", SOLUTION | {part: value}))
    assert piece in line and "3 of 4 hold." in line


def test_every_line_has_its_answer():
    assert sorted([*_INNOCENT, _LINE]) == list(range(1, 10))
    assert "0 of 4 hold." in repr(refuses("05-k-loop", dict.fromkeys(SOLUTION, 300)))
    assert "D's K steps are one" in repr(accepts("05-k-loop", SOLUTION))


# ---- the budget

PLAN = {"k": 1, "lr": 3e-4, "steps": 3000}


@pytest.mark.slow
def test_the_budget():
    survives("05-budget", right=[PLAN, {"k": 1.0, "lr": torch.tensor(3e-4, dtype=torch.float64), "steps": np.int64(3000)}],
             wrong=[PLAN | {"k": 0}, PLAN | {"k": 1.5}, PLAN | {"lr": 0}, PLAN | {"lr": 1.0}, PLAN | {"lr": "1e-3"},
                    PLAN | {"steps": ...}, PLAN | {"steps": 0}, [1, 1e-3, 3000], {"k": 1}])


@pytest.mark.parametrize("plan, piece", [
    (PLAN | {"steps": 6000}, "costs (k + 1) steps = 12,000 gradient evaluations, and there are 6,000. A step of G is"),
    (PLAN | {"k": 5, "steps": 6000}, "costs (k + 1) steps = 36,000 gradient evaluations, and there are 6,000."),
    (PLAN | {"k": 5, "steps": 100}, "Look at the map"),
    (PLAN | {"steps": 50}, "5,900 of 6,000 are unspent"),
])
def test_a_poor_plan_is_told_why(plan, piece):
    assert piece in repr(refuses("05-budget", plan))


def test_the_bar_parts_k_1_from_the_rest_in_the_shipped_sweep():
    table = shipped("mixture").map()
    assert (table[0] < _GOOD).all() and (table[1:] > _GOOD).all()


def test_a_reading_is_told_beside_its_floor():
    assert "real points read 0.03 to 0.15" in repr(_on_reading(0.3, (0.03, 0.15), 6000))
    assert "inside the floor" in repr(_on_reading(0.1, (0.03, 0.15), 6000))
    assert "inside" not in repr(_on_reading(0.2, (0.03, 0.15), 6000)) and _GOOD > 0.2
