"""The audit of a reader's loop: right loops of many styles pass, published errors and mutants are named, each in words."""

import copy
import itertools
import random
import sys

import numpy as np
import pytest
import torch
from torch.nn.functional import binary_cross_entropy_with_logits, softplus

import made_loops
from gan_edu.audit import audit_algorithm1
from gan_edu.audit_words import FAULTS, LINES
from gan_edu.objectives import OBJECTIVES
from gan_edu.training import frozen

NAMES = {"torch": torch, "bce": binary_cross_entropy_with_logits, "softplus": softplus, "itertools": itertools,
         "OBJECTIVES": OBJECTIVES, "frozen": frozen}


def loop_of(source):
    room = dict(NAMES)
    exec(compile(source, "<the reader's cell>", "exec"), room)
    return room["loop"]


def audited(source, k=3):
    return audit_algorithm1(loop_of(source), k=k)


def table(rows):
    return pytest.mark.parametrize("row", rows.values(), ids=rows)


def names(report):
    return {fault.name for fault in report.faults}


# ---- right loops ---------------------------------------------------------------------------------------------------

@table(made_loops.STYLES)
def test_a_right_loop_passes_in_any_style(row):
    report = audited(row)
    assert report.passed and report, repr(report)
    assert repr(report).startswith("Correct: this loop plays Algorithm 1 (k = 3, N = 5; D.step 15 of kN = 15, G.step 5 of")


@pytest.mark.parametrize("k", [1, 2, 3, 4, 5])
def test_the_ledger_counts_kN_and_N(k):
    report = audited(made_loops.REFERENCE, k)
    assert report.passed and report.order == ("D" * k + "G") * 5
    assert report.ledger == {"D.step": 5 * k, "G.step": 5, "real minibatches": 5 * k, "real minibatches drawn": 5 * k,
                             "noise batches": 5 * (k + 1), "backward calls": 5 * (k + 1)}


@pytest.mark.parametrize("style, word", [
    ("G first", "G moves first in each iteration; the paper lets D begin."),
    ("labels swapped for both", "the labels are swapped (0 for reals)"),
    ("one-sided smoothing", "the target of reals is 0.90: one-sided label smoothing"),
])
def test_what_breaks_nothing_is_a_remark(style, word):
    report = audited(made_loops.STYLES[style])
    assert report.passed and len(report.remarks) == 1 and report.remarks[0].startswith(word)


def test_k_of_one_is_said_to_show_little():
    assert audited(made_loops.REFERENCE, 1).remarks == (
        "with k = 1 faults of the inner loop cannot show; audit with k = 3 too.",)


# ---- wrong loops ---------------------------------------------------------------------------------------------------

@table(made_loops.PUBLISHED)
def test_a_published_error_is_named_as_one(row):
    source, k, faults, piece, published = row
    report = audited(source, k)
    assert names(report) == faults, repr(report)
    (fault,) = [fault for fault in report.faults if piece in fault.sentence]
    assert published in fault.published and f"(published: {fault.published})" in repr(report)


@table(made_loops.MUTANTS)
def test_a_mutant_of_the_reference_is_caught(row):
    edits, faults, piece = row
    report = audited(made_loops.edited(*edits))
    assert not report.passed and not report
    assert names(report) == faults, repr(report)
    assert piece in repr(report)


@table(dict(made_loops.without_statement()))
def test_no_statement_of_the_reference_can_be_left_out(row):
    assert not audited(row).passed


@table(made_loops.WRECKS)
def test_a_wreck_is_a_verdict_and_no_error(row):
    source, faults, piece = row
    report = audited(source)
    assert names(report) == faults and piece in repr(report), repr(report)


@pytest.mark.skipif(sys.gettrace() is not None, reason="a debugger or a coverage run keeps its own tracer")
def test_a_loop_that_spins_without_touching_anything_is_cut():
    assert names(audited(made_loops.SPINS)) == {"endless"} and sys.gettrace() is None


def test_every_fault_has_its_example_and_a_line_of_algorithm_1():
    examples = [row[2] for row in made_loops.PUBLISHED.values()]
    examples += [row[1] for rows in (made_loops.MUTANTS, made_loops.WRECKS) for row in rows.values()]
    shown = set().union(*examples)
    assert shown == set(FAULTS)
    assert len(made_loops.MUTANTS) >= 20 and {line for line, _, _ in FAULTS.values()} <= set(LINES)
    assert all(sentence.endswith((".", "{hint}")) for _, sentence, _ in FAULTS.values())


# ---- the report and the reader's state -----------------------------------------------------------------------------

def test_the_report_of_the_source_document_reads_line_by_line():
    assert repr(audited(made_loops.DOCUMENT)).splitlines() == [
        "Not yet: 3 faults against Algorithm 1 (k = 3, N = 5; D.step 5 of kN = 15, G.step 5 of N = 5, real minibatches 5 of "
        "kN = 15, noise batches 5 of (k + 1)N = 20).",
        "- Line 2, for k steps do: D's optimiser stepped 5 times, not kN = 15: D was run on real minibatches 15 times, and 10 "
        "of these never reach an update. (published: k steps coded, only the last applied)",
        "- Line 4, sample a minibatch of m examples from the data: D's k steps share one real minibatch (number 1): draw a "
        "fresh x for each step. (published: the k steps reuse one minibatch, or G reuses D's noise)",
        "- Line 7, sample a minibatch of m noise samples: step 1 of G uses noise that a step of D had used: draw a fresh z "
        "for G. (published: the k steps reuse one minibatch, or G reuses D's noise)"]


def test_the_report_is_the_same_each_time_and_safe_in_a_page():
    first, second = (audited("def loop(*args): raise ValueError('<b>z</b>')") for _ in range(2))
    assert first == second and repr(first) == repr(second) and first._repr_html_() == second._repr_html_()
    page = first._repr_html_()
    assert 'role="status"' in page and "Not yet: 1 fault against" in page and "&lt;b&gt;z" in page and "<b>z" not in page
    assert "solid" in audited(made_loops.REFERENCE)._repr_html_() and "<ul>" not in audited(made_loops.REFERENCE)._repr_html_()


def test_the_readers_state_is_as_before():
    torch.manual_seed(5), np.random.seed(5), random.seed(5)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    functions = torch.autograd.backward, torch.autograd.grad, sys.gettrace()
    audited("def loop(*args):\n    import random, numpy\n    torch.manual_seed(1), random.random(), numpy.random.rand()\n"
            "    torch.set_grad_enabled(False)\n    raise ValueError")
    assert torch.equal(before[0], torch.get_rng_state()) and (before[1] == np.random.get_state()[1]).all()
    assert before[2] == random.getstate() and torch.is_grad_enabled()
    assert functions == (torch.autograd.backward, torch.autograd.grad, sys.gettrace())
    weight = torch.ones(1, requires_grad=True)
    optimizer = torch.optim.SGD([weight], 0.5)
    weight.sum().backward(), optimizer.step()                    # no hook is left behind
    assert weight.item() == 0.5


@pytest.mark.parametrize("around", [torch.no_grad, torch.inference_mode])
def test_an_audit_inside_no_grad_is_the_same(around):
    with around():
        assert audited(made_loops.REFERENCE).passed


def test_an_audit_inside_a_loop_under_audit_is_its_own():
    inner = []

    def nosy(*args):
        inner.append(audited(made_loops.REFERENCE))
        loop_of(made_loops.REFERENCE)(*args)
    assert audit_algorithm1(nosy, k=2).passed and inner[0].passed


def test_other_optimisers_at_work_are_left_alone():
    weight = torch.ones(1, requires_grad=True)
    mine = torch.optim.SGD([weight], 0.1)

    def busy(*args):
        weight.sum().backward(), mine.step()
        loop_of(made_loops.REFERENCE)(*args)
    assert audit_algorithm1(busy, k=2).passed and weight.item() == pytest.approx(0.9)


@pytest.mark.parametrize("k", [0, -1, 1.5, True, "3"])
def test_k_must_be_a_whole_number(k):
    with pytest.raises(ValueError, match="k must be a whole number >= 1, got"):
        audit_algorithm1(loop_of(made_loops.REFERENCE), k=k)


def test_a_right_loop_may_keep_a_moving_average_or_copies_of_the_players():
    def loop(G, D, opt_G, opt_D, data, k, steps):
        average = copy.deepcopy(G)
        for _ in range(steps):
            for _ in range(k):
                x = next(data)
                loss = softplus(-D(x)).mean() + softplus(D(G(torch.randn(len(x), G.latent_dim)).detach())).mean()
                opt_D.zero_grad(), loss.backward(), opt_D.step()
            opt_G.zero_grad(), softplus(-D(G(torch.randn(len(x), G.latent_dim)))).mean().backward(), opt_G.step()
            with torch.no_grad():
                for a, b in zip(average.parameters(), G.parameters()):
                    a.lerp_(b, 0.1)
        copy.deepcopy(D)

    report = audit_algorithm1(loop, k=3)
    assert report.passed, report
