"""Verdicts on exercises."""
