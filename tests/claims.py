"""Where each number in the notebooks' prose is proven, as `notebooks/claims.json`: written here, compared in test_claims.

    python tests/claims.py            (writes the file anew; entries that did not change keep their date)

A number is proven by a cell of its notebook, in what the cell prints (nbval runs it again) or in its code; or by what
stands in OTHERWISE: a test, a computation, the set-up of an exercise's check, or a source. Single digits and the numbers
of sections, equations, years and references are no claims. A number that is proven nowhere fails the test.
"""

import datetime
import json
import math
import re
from collections.abc import Iterator
from pathlib import Path

NOTEBOOKS = Path(__file__).resolve().parents[1] / "notebooks"
FILE = NOTEBOOKS / "claims.json"
NUMBER = re.compile(r"(?<![\w.^_{/])(?<!\w-)(?<!\{-)(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w,]*\d|\w)|(?<![\w.^_{/])(?<!\w-)(?<!\{-)\.\d+(?!\w)")
CITED = re.compile(r"\*\*Time\.\*\*[^*]*|\(\d+\)|(?:sections?|Sect\.|Theorem|Lemma|Definition|Proposition|table|figure|eqs?\.|algorithm|line|notebooks?"
                   r"|version)\s*(?:\d+(?:\.\d+)*(?:\s*(?:,|and|to)\s*)?)+|\(\d{4}\)|(?<![\d.])0\d\b(?!\.)|\b(?:19|20)\d\d\b", re.IGNORECASE)

# (notebook, number): a number that it must round to, or the test that asserts it, or where it comes from
OTHERWISE: dict[tuple[str, str], float | str] = {
    ("00_start_here", "11"): "data.py",
    ("00_start_here", "95"): "test_widget_arena.py::test_wilson_interval_covers_what_it_says",
    ("00_start_here", "60"): "a choice of answers",
    ("00_start_here", "70"): "a choice of answers",
    ("00_start_here", "80"): "a choice of answers",
    ("00_start_here", "90"): "a choice of answers",
    ("00_start_here", "70,000"): "test_data.py::test_the_real_mnist",
    ("01_generative_models", "20,000"): "checks/nb01.py",
    ("01_generative_models", "10"): "an example of sizes",
    ("01_generative_models", "50"): "test_nb01.py::test_the_first_game_finds_both_bumps",
    ("02_minimax_game", "0.693"): math.log(2),
    ("02_minimax_game", "1.386"): math.log(4),
    ("02_minimax_game", "600"): 500 + 100,
    ("03_optimal_discriminator", "784"): 28 * 28,
    ("03_optimal_discriminator", "10,000"): "03_optimal_discriminator.py",
    ("03_optimal_discriminator", "200"): "checks/nb03.py",
    ("03_optimal_discriminator", "0.005"): "test_trained_judge.py",
    ("04_generator_gradients", "16.64"): 24 * math.log(2),
    ("03_optimal_discriminator", "100"): "an example of sizes",
    ("04_generator_gradients", "99"): (1 - 0.01) / 0.01,
    ("04_generator_gradients", "999"): (1 - 0.001) / 0.001,
    ("04_generator_gradients", ".8"): "test_nb04.py",
    ("04_generator_gradients", "1.6"): "test_nb04.py",
    ("04_generator_gradients", "103"): "test_nb04.py",
    ("04_generator_gradients", "135"): "test_nb04.py",
    ("04_generator_gradients", "400"): "widgets/gradient.py",
    ("04_generator_gradients", "0.7"): "widgets/gradient.py",
    ("05_algorithm_1", ".04"): 0.2 ** 2,
    ("05_algorithm_1", ".08"): "test_nb05.py::test_a_larger_k_keeps_D_nearer_to_its_best",
    ("05_algorithm_1", ".28"): "test_nb05.py::test_a_larger_k_keeps_D_nearer_to_its_best",
    ("05_algorithm_1", ".02"): "test_nb05.py::test_a_larger_k_keeps_D_nearer_to_its_best",
    ("05_algorithm_1", ".10"): "test_nb05.py::test_a_larger_k_keeps_D_nearer_to_its_best",
    ("05_algorithm_1", "640"): 5 * 4 * 32,
    ("05_algorithm_1", "600"): "widgets/k.py",
    ("06_mnist", "60,000"): "test_data.py::test_the_real_mnist",
    ("06_mnist", "1200"): "test_networks.py::test_parameter_counts_of_the_published_networks",
    ("06_mnist", "0.9"): "a setting to try",
    ("06_mnist", "7,496"): 22_488 / 3,
    ("06_mnist", "1.386"): math.log(4),
    ("07_latent_space", "0.7"): math.sqrt(100 - (math.sqrt(2) * math.exp(math.lgamma(50.5) - math.lgamma(50))) ** 2),
    ("07_latent_space", "7.07"): 10 / math.sqrt(2),
    ("07_latent_space", "2.7"): "test_claims_nb07.py::test_zeros_are_the_boldest_digits_of_mnist",
    ("07_latent_space", "2.2"): "test_claims_nb07.py::test_zeros_are_the_boldest_digits_of_mnist",
    ("07_latent_space", "2.6"): "test_claims_nb07.py::test_zeros_are_the_boldest_digits_of_mnist",
    ("07_latent_space", "5.8"): 10 / math.sqrt(3),
    ("08_convolutional_gans", "1,000"): "08_convolutional_gans.py",
    ("08_convolutional_gans", "49"): 7 * 7,
    ("08_convolutional_gans", "195"): 14 * 14 - 1,
    ("08_convolutional_gans", "10,000"): "evaluation.py",
    ("10_measuring", "1,797"): 1_200 + 300 + 297,
    ("10_measuring", "28"): "data.py",
    ("10_measuring", "746"): math.ceil(1075 * math.log(2)),
    ("10_measuring", "313"): "Theis, van den Oord and Bethge 2016, table 1",
    ("10_measuring", "90"): "test_metrics_features.py::test_histogram_counts_what_the_classifier_is_sure_of",
    ("10_measuring", "200"): "checks/nb10.py",
    ("10_measuring", "1,000"): "an example of sizes",
    ("10_measuring", "2,048"): "an example of sizes",
    ("10_measuring", "4,096"): 2 * 2_048,
    ("11_wasserstein", "784"): 28 * 28,
    ("11_wasserstein", "400"): "11_wasserstein.py",
    ("11_wasserstein", "1,500"): "benchmarks/make_wasserstein.py",
    ("11_wasserstein", "25"): "benchmarks/make_wasserstein.py",
    ("11_wasserstein", ".95"): "test_nb11.py::test_the_critics_number_follows_w1_while_it_falls_and_not_to_the_end",
    ("11_wasserstein", ".55"): "test_nb11.py::test_the_plain_gans_losses_follow_weakly_or_not",
    ("12_conditional", "99"): "test_nb12.py::test_only_where_both_are_told_orders_are_obeyed",
    ("12_conditional", "8.5"): "test_nb12.py::test_only_where_both_are_told_orders_are_obeyed",
    ("12_conditional", "16.5"): "test_nb12.py::test_only_where_both_are_told_orders_are_obeyed",
    ("12_conditional", "1,000"): "benchmarks/make_weights.py",
    ("15_bug_museum", "10,000"): "test_nb15.py::test_counts_that_the_text_names",
    ("15_bug_museum", "16"): "test_nb15.py::test_counts_that_the_text_names",
    ("15_bug_museum", "14"): "notebook 14",
    ("15_bug_museum", "256"): "test_nb15.py::test_pictures_are_rounded_first",
    ("14_unpaired_translation", "24,000"): 48_000 / 2,
    ("14_unpaired_translation", "10,000"): "benchmarks/make_unpaired.py",
    ("14_unpaired_translation", "30"): "checks/nb14.py",
    ("11_wasserstein", ".77"): "test_nb11.py::test_the_losses_of_the_shipped_dcgan_speak_in_hundredths_of_a_nat",
    ("11_wasserstein", ".71"): "test_nb11.py::test_the_losses_of_the_shipped_dcgan_speak_in_hundredths_of_a_nat",
    ("14_unpaired_translation", "80"): "checks/nb14.py",
}


def entries(path: Path) -> Iterator[dict]:
    """Yield every number in the prose of a notebook, with its words and its proof (None where there is none)."""
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    shown = [(i, f"what cell {i} shows", _output(cell)) for i, cell in enumerate(cells, 1) if cell["cell_type"] == "code"]
    coded = [(i, f"the code of cell {i}", "".join(cell["source"])) for i, cell in enumerate(cells, 1) if cell["cell_type"] == "code"]
    tables = [(name, {_plain(n) for n in NUMBER.findall(text)}) for _, name, text in shown + coded]
    for i, cell in enumerate(cells, 1):
        text = "".join(cell["source"])
        if cell["cell_type"] != "markdown":
            continue
        if re.search(r"^## References", text, re.MULTILINE):
            return
        quiet = CITED.sub(lambda match: "~" * len(match[0]), re.sub(r"^#.*$|^\d+\. ", lambda m: "~" * len(m[0]), text, flags=re.M))
        for match in NUMBER.finditer(quiet):
            if len(_plain(match[0]).replace(".", "")) == 1 and "." not in match[0]:
                continue
            words = " ".join(text[max(0, match.start() - 40):match.end() + 25].split())
            yield {"notebook": path.stem, "cell": i, "number": match[0], "words": words,
                   "proof": _proof(path.stem, match[0], tables), "tolerance": _tolerance(match[0])}


def _proof(stem: str, number: str, tables: list[tuple[str, set[str]]]) -> str | None:
    found = next((name for name, numbers in tables if any(_same(number, other) for other in numbers)), None)
    other = OTHERWISE.get((stem, number))
    if found or other is None:
        return found
    if isinstance(other, str):
        return other
    return f"computed: {other:.6g}" if abs(other - float(_plain(number))) <= _tolerance(number) else None


def _same(number: str, other: str) -> bool:
    """Whether the prose's number is the other one, or the other one rounded to two decimals or more."""
    ours, places = _plain(number), len(number.partition(".")[2])
    return other == ours or places >= 2 and len(other.partition(".")[2]) > places and (
        abs(float(other) - float(ours)) <= _tolerance(number))


def _plain(number: str) -> str:
    """1,200 as 1200, .50 and 0.50 as 0.50."""
    number = number.replace(",", "")
    return f"0{number}" if number.startswith(".") else number


def _tolerance(number: str) -> float:
    """Half a unit of its last digit, 0 for whole numbers."""
    places = len(number.partition(".")[2])
    return float(f"{0.5 * 10 ** -places:.3g}") if places else 0.0


def _output(cell: dict) -> str:
    parts = []
    for output in cell["outputs"]:
        parts += ["".join(output.get("text", ""))]
        parts += ["".join(value) for kind, value in output.get("data", {}).items() if kind in ("text/plain", "text/markdown")]
    return re.sub(r"(?<=\d),(?=\d{3})|−", lambda m: "" if m[0] == "," else "-", "\n".join(parts))


def everything() -> list[dict]:
    """Every claim of every notebook, in order."""
    return [entry for path in sorted(NOTEBOOKS.glob("*.ipynb")) for entry in entries(path)]


def main() -> None:
    old = {_key(entry): entry["date"] for entry in json.loads(FILE.read_text(encoding="utf-8"))} if FILE.exists() else {}
    today = datetime.date.today().isoformat()
    found = [entry | {"date": old.get(_key(entry), today)} for entry in everything()]
    lines = ",\n".join(json.dumps(entry, ensure_ascii=False) for entry in found)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")
    print(f"{len(found)} claims, {sum(entry['proof'] is None for entry in found)} without a proof")
    for entry in found:
        if entry["proof"] is None:
            print(entry["notebook"], entry["cell"], entry["number"], "|", entry["words"])


def _key(entry: dict) -> tuple:
    return entry["notebook"], entry["number"], entry["words"], entry["proof"]


if __name__ == "__main__":
    main()
