"""Every number in the notebooks' prose has a proof, and the index of proofs is up to date."""

import ast
import json
from pathlib import Path

import pytest

import claims

TESTS = Path(__file__).parent


@pytest.fixture(scope="module")
def found():
    return claims.everything()


def test_no_number_in_the_prose_is_without_a_proof(found):
    """Show it by a cell, assert it in a test and name that in claims.OTHERWISE, or leave it out."""
    assert [f"{e['notebook']}, cell {e['cell']}: {e['words']!r} says {e['number']}" for e in found if e["proof"] is None] == []


def test_the_index_is_what_python_tests_claims_py_writes(found):
    kept = json.loads(claims.FILE.read_text(encoding="utf-8"))
    assert [{key: value for key, value in entry.items() if key != "date"} for entry in kept] == found


def test_every_other_proof_is_used_and_every_test_that_is_named_exists(found):
    used = {(entry["notebook"], entry["number"]) for entry in found}
    assert {key for key in claims.OTHERWISE if key not in used and (claims.NOTEBOOKS / f"{key[0]}.ipynb").exists()} == set()
    for proof in claims.OTHERWISE.values():
        if isinstance(proof, str) and "::" in proof:
            file, name = proof.split("::")
            tree = ast.parse((TESTS / file).read_text(encoding="utf-8"))
            assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}, proof
        elif isinstance(proof, str) and proof.endswith(".py"):
            assert any((root / proof).exists() for root in (TESTS, TESTS.parent, TESTS.parent / "gan_edu", claims.NOTEBOOKS)), proof


def notebook(folder, prose, *, shows="", code="x = 1"):
    cells = [{"cell_type": "markdown", "source": prose},
             {"cell_type": "code", "source": code, "outputs": [{"text": shows}]}]
    path = folder / "42_sample.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    return [(entry["number"], entry["proof"]) for entry in claims.entries(path)]


@pytest.mark.parametrize("prose, shows, proven", [
    ("It is .6931.", "0.6931", True), ("It is 0.69.", "0.693147", True), ("It is 0.68.", "0.693147", False),
    ("It has 2,503,984 numbers.", "2,503,984 parameters", True), ("It has 2,503,985 numbers.", "2,503,984", False),
    ("It has 13.", "it shows 130", False), ("It is 0.7.", "0.693", False), ("It is $-1.3863$.", "-1.3863", True),
])
def test_a_changed_number_is_noticed(tmp_path, prose, shows, proven):
    [(_, proof)] = notebook(tmp_path, prose, shows=shows)
    assert (proof == "what cell 2 shows") == proven and (proof is None) != proven


@pytest.mark.parametrize("prose", ["Two of 8 modes.", "Goodfellow (2014), section 3.1, Theorem 2.5", "by (12) of notebook 03",
                                   "**Time.** 45 minutes to read.", "# 12. A title", "## References\n* 12,345"])
def test_what_is_no_claim_is_let_pass(tmp_path, prose):
    assert notebook(tmp_path, prose) == []


def test_code_proves_what_it_sets(tmp_path):
    assert notebook(tmp_path, "with 640 games", code="games = 640") == [("640", "the code of cell 2")]
