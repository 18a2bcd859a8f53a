"""Tests of gan_edu.errors: which arguments pass, and what the refusals say."""

import fractions
import math

import numpy as np
import pytest
import torch

from gan_edu import errors


@pytest.mark.parametrize("value", [1, 7, np.int64(3), np.uint8(5), torch.tensor(4), torch.tensor([2])])
def test_whole_numbers_pass_and_come_back_as_int(value):
    assert type(errors.whole("k", value)) is int
    assert errors.whole("k", value) == int(value)


@pytest.mark.parametrize(
    "value",
    [0, -1, 1.5, 2.0, True, False, "3", None, math.nan, np.True_, np.float64(2), torch.tensor(True),
     torch.tensor(2.5), torch.tensor([1, 2]), [1], ...],
)
def test_everything_else_is_refused_with_name_bound_and_value(value):
    with pytest.raises(ValueError, match=r"^k must be a whole number >= 1, got ") as caught:
        errors.whole("k", value)
    assert str(caught.value).endswith(repr(value))


def test_message_of_whole_is_the_one_readers_see():
    with pytest.raises(ValueError) as caught:
        errors.whole("k", 0)
    assert str(caught.value) == "k must be a whole number >= 1, got 0"


def test_whole_minimum_is_inclusive_and_may_be_zero_or_negative():
    assert errors.whole("start", 0, 0) == 0
    assert errors.whole("shift", -2, minimum=-2) == -2
    with pytest.raises(ValueError, match="start must be a whole number >= 0, got -1"):
        errors.whole("start", -1, 0)


@pytest.mark.parametrize("value", [1, 0.5, np.float32(2), fractions.Fraction(1, 3), torch.tensor(0.25)])
def test_real_numbers_pass_and_come_back_as_float(value):
    assert type(errors.real("lr", value)) is float
    assert errors.real("lr", value) == float(value)


@pytest.mark.parametrize(
    "value",
    [math.nan, math.inf, -math.inf, True, "0.1", b"1", None, 1j, [0.1], 10**400, np.True_, torch.tensor([1.0, 2.0])],
)
def test_real_refuses_what_is_not_a_finite_number(value):
    with pytest.raises(ValueError, match=r"^lr must be a finite number, got "):
        errors.real("lr", value)


def test_real_bounds_above_is_exclusive_minimum_inclusive():
    assert errors.real("beta", 0, minimum=0) == 0.0
    with pytest.raises(ValueError) as caught:
        errors.real("lr", 0.0, above=0)
    assert str(caught.value) == "lr must be a finite number > 0, got 0.0"
    with pytest.raises(ValueError) as caught:
        errors.real("beta", -1e-9, minimum=0)
    assert str(caught.value) == "beta must be a finite number >= 0, got -1e-09"


def test_a_long_value_is_shortened_in_the_message():
    with pytest.raises(ValueError) as caught:
        errors.whole("k", "x" * 1000)
    assert len(str(caught.value)) < 110
    assert str(caught.value).endswith("...")


@pytest.mark.parametrize("kind", [errors.DataError, errors.CheckpointError, errors.TrainingDiverged])
def test_errors_of_the_course_share_one_parent_and_are_not_value_errors(kind):
    assert issubclass(kind, errors.GanEduError)
    assert not issubclass(kind, ValueError)
