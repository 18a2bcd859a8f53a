"""Verdicts on exercises: `check(exercise_id, answer)`. The machinery is in core.py, the exercises of notebook NN in
nbNN.py; nothing here trains, plots or teaches.
"""

from gan_edu.checks.core import Feedback, check, exercises

__all__ = ["Feedback", "check", "exercises"]
