"""The glossary: in order, one line a term, and every notebook it names is there."""

import re
from pathlib import Path

GLOSSARY = Path(__file__).parents[1] / "notebooks" / "glossary.md"


def rows():
    lines = [line for line in GLOSSARY.read_text(encoding="utf-8").splitlines() if line.startswith("| ")][1:]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines]


def test_terms_stand_in_order_and_once():
    terms = [row[0].lower() for row in rows()]
    assert terms == sorted(set(terms)) and len(terms) > 50


def test_every_term_is_explained_and_leads_to_a_notebook_that_speaks_of_it():
    for term, words, _, link in rows():
        assert words and not words.endswith(".")
        number, file = re.fullmatch(r"\[(\d\d)\]\((\w+\.ipynb)\)", link).groups()
        assert file.startswith(number), term
        text = (GLOSSARY.parent / file).with_suffix(".py").read_text(encoding="utf-8").lower()
        stems = [word[:6] for word in re.findall(r"[a-z]{3,}", term.lower())]      # cycle-consistent, cycle consistency
        assert [stem for stem in stems if stem not in text] == [], term
