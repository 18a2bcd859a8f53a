"""What a committed notebook must look like: each rule takes a notebook and lists its faults. A helper, not a test file;
what needs a kernel, a twin or a solution is in test_notebooks.py.
"""

import json
import re

from gan_edu.checks import exercises

KIB = 1024
KNOWN_TAG = re.compile(r"(exercise|check)-\d\d(-[a-z0-9]+)+|nbval-ignore-output|hide-input")
# A machine's folders. No data URIs are searched, because base64 may spell anything.
MACHINE_PATH = re.compile(r"(?<![\w.:/~-])/(?:home|Users|tmp|root|work|farm|opt|mnt|usr|var)/|\b[A-Z]:\\+Users")
DATA_URI = re.compile(r"data:[\w/+.-]+;base64,[A-Za-z0-9+/=\\n]+")
FORBIDDEN_CODE = re.compile(
    r"^\s*!|^\s*%{1,2}(pip|conda|mamba|sh|bash|script|system|sx)\b|\bsubprocess\b|\bos\.(system|popen)\b"
    r"|\burllib\b|\brequests\b|\burlretrieve\b|\bwget\b|\btorch\.hub\b|\bget_ipython\(\)",
    re.MULTILINE,
)
MARKDOWN_PICTURE = re.compile(r"!\[(?P<alt>[^\]]*)\]\(")
HTML_PICTURE = re.compile(r"<img\b[^>]*>", re.IGNORECASE)
HEADING = re.compile(r"^(#{1,6})\s+(.+)$", re.MULTILINE)
FENCE = re.compile(r"^```.*?^```", re.MULTILINE | re.DOTALL)


def code_cells(notebook):
    """Return (position from 1, cell) for every code cell that is not empty."""
    return [(i, c) for i, c in enumerate(notebook.cells, 1) if c.cell_type == "code" and c.source.strip()]


def text_cells(notebook):
    """Return (position from 1, text without fenced code) for every Markdown cell."""
    return [(i, FENCE.sub("", c.source)) for i, c in enumerate(notebook.cells, 1) if c.cell_type == "markdown"]


def outputs(notebook):
    """Return (position from 1, output) for every stored output."""
    return [(i, o) for i, c in code_cells(notebook) for o in c.outputs]


def executed_top_to_bottom(notebook, name):
    counts = [c.execution_count for _, c in code_cells(notebook)]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}; they must be 1, 2, 3, ... (nbval compares nothing where one is missing)"
    yield from (f"cell {i} is an empty code cell" for i, c in enumerate(notebook.cells, 1)
                if c.cell_type == "code" and not c.source.strip())


def no_machine_left(notebook, name):
    """Widget state, timing, versions, paths, kernels of the machine it was run on."""
    if notebook.metadata.get("widgets"):
        yield "metadata.widgets is there"
    if notebook.metadata.get("kernelspec", {}).get("name") != "python3":
        yield "the kernelspec is not python3"
    if extra := set(notebook.metadata) - {"kernelspec", "language_info"}:
        yield f"notebook metadata {sorted(extra)}"
    for i, cell in enumerate(notebook.cells, 1):
        if extra := set(cell.metadata) - {"tags"}:
            yield f"cell {i} has metadata {sorted(extra)}"
    if found := MACHINE_PATH.search(DATA_URI.sub("", json.dumps(_without_pictures(notebook)))):
        yield f"a path of a machine: {found.group()}"


def _without_pictures(notebook):
    plain = json.loads(json.dumps(notebook))
    for cell in plain["cells"]:
        for output in cell.get("outputs", []):
            for kind in [k for k in output.get("data", {}) if k.startswith("image/")]:
                del output["data"][kind]
    return plain


def quiet_outputs(notebook, name):
    for i, output in outputs(notebook):
        if output.output_type == "error":
            yield f"cell {i} stores an error: {output.ename}"
        if output.output_type == "stream" and output.name == "stderr":
            yield f"cell {i} stores something on stderr: {output.text.strip()[:80]!r}"
        if "application/vnd.jupyter.widget-view+json" in output.get("data", {}):
            yield f"cell {i} stores a widget view"
        if "<script" in str(output.get("data", {}).get("text/html", "")).lower():
            yield f"cell {i} stores a script in its html"


def sizes(notebook, name):
    if (size := len(json.dumps(notebook))) > 1024 * KIB:
        yield f"the notebook has {size // KIB} KiB, more than 1024"
    for i, cell in code_cells(notebook):
        if (size := len(json.dumps(cell.outputs))) > 300 * KIB:
            yield f"the outputs of cell {i} have {size // KIB} KiB, more than 300"


def alternative_texts(notebook, name):
    """Every picture in words: in Markdown, in stored html, and beside a stored PNG."""
    for i, text in text_cells(notebook):
        yield from (f"cell {i} shows a picture without alt text" for m in MARKDOWN_PICTURE.finditer(text)
                    if len(m["alt"].strip()) < 10)
        yield from (f"cell {i}: {fault}" for fault in _html_pictures(text))
    for i, output in outputs(notebook):
        data = output.get("data", {})
        yield from (f"cell {i}: {fault}" for fault in _html_pictures(str(data.get("text/html", ""))))
        words = str(data.get("text/plain", "")).strip()
        if any(kind.startswith("image/") for kind in data) and (words.startswith("<") or len(words) < 10):
            yield f"cell {i} stores a picture described as {words!r}; show it with plots.show(fig, alt)"


def _html_pictures(page):
    for tag in HTML_PICTURE.findall(page):
        alt = re.search(r"""\balt=(["'])(.*?)\1""", tag, re.DOTALL)
        if not alt or len(alt[2].strip()) < 10:
            yield "an <img> without alt text of ten letters or more"


def headings(notebook, name):
    levels = [len(m[1]) for _, text in text_cells(notebook) for m in HEADING.finditer(text)]
    if levels.count(1) != 1 or levels[:1] != [1]:
        yield f"it must open with its one H1; the levels are {levels}"
    yield from (f"a heading jumps from level {a} to {b}" for a, b in zip(levels, levels[1:], strict=False) if b > a + 1)
    titles = " | ".join(m[2].lower() for _, text in text_cells(notebook) for m in HEADING.finditer(text))
    yield from (f"no heading with the word {word!r}" for word in ("summary", "references") if word not in titles)


def opening(notebook, name):
    """The question in the first sentence; goals, time and prerequisites before the first code."""
    cells = notebook.cells
    if cells[0].cell_type != "markdown":
        yield "it must open with text"
        return
    before_code = []
    for cell in cells:
        if cell.cell_type == "code":
            break
        before_code.append(cell.source)
    text = "\n\n".join(before_code)
    body = [block for block in re.split(r"\n\s*\n", text) if block.strip() and not block.lstrip().startswith("#")]
    body = body or [""]
    if "?" not in re.split(r"(?<=[.?])\s", body[0].replace("\n", " "))[0]:
        yield f"its first sentence asks no question: {body[0][:80]!r}"
    words = {"goals": r"goals|you will", "time": r"\bminutes\b", "prerequisites": r"prerequisite|you need"}
    for word, pattern in words.items():
        if not re.search(pattern, text, re.IGNORECASE):
            yield f"the opening does not mention {word}"


def text_around_code(notebook, name):
    """Text before each code cell (a check may stand right below its exercise) and text at the end; short cells."""
    for i, cell in code_cells(notebook):
        before = notebook.cells[i - 2] if i > 1 else None
        is_check = any(tag.startswith("check-") for tag in cell.metadata.get("tags", []))
        if before is None or not (before.cell_type == "markdown" or is_check):
            yield f"cell {i} is code with no text before it"
        lines = [line for line in cell.source.splitlines() if line.strip() and not line.lstrip().startswith("#")]
        if len(lines) > 10:
            yield f"cell {i} has {len(lines)} lines of code, more than 10"
    if notebook.cells[-1].cell_type != "markdown":
        yield "it ends in code; end with text"
    if not any(re.search(r"\bpredict", text, re.IGNORECASE) for _, text in text_cells(notebook)):
        yield "nothing to predict before a cell is run"


def plain_code(notebook, name):
    for i, cell in code_cells(notebook):
        if found := FORBIDDEN_CODE.search(cell.source):
            yield f"cell {i} uses {found.group().strip()!r}: no pip, shell or download in a cell"


def style(notebook, name):
    for i, text in text_cells(notebook):
        if re.search(r"[A-Za-z)]!(?=\s|$)", re.sub(r"\$[^$]*\$", "", text)):
            yield f"cell {i} has an exclamation mark"
        if re.search(r"[\U0001F300-\U0001FAFF]", text):
            yield f"cell {i} has an emoji"


def tags_and_exercises(notebook, name):
    """Tags that mean something; each exercise with its gap, its check below, and its verdict in gan_edu.checks."""
    tags = [(i, tag, c) for i, c in enumerate(notebook.cells, 1) for tag in c.metadata.get("tags", [])]
    yield from (f"cell {i} has the unknown tag {tag!r}" for i, tag, _ in tags if not KNOWN_TAG.fullmatch(tag))
    asked = [tag.removeprefix("exercise-") for _, tag, _ in tags if tag.startswith("exercise-")]
    checked = [tag.removeprefix("check-") for _, tag, _ in tags if tag.startswith("check-")]
    if asked != checked or len(set(asked)) != len(asked):
        yield f"exercises {asked} and checks {checked} do not go in pairs"
    if sorted(asked) != exercises(name[:2]):
        yield f"the notebook has exercises {sorted(asked)}, gan_edu.checks judges {exercises(name[:2])}"
    if not 1 <= len(asked) <= 5:
        yield f"{len(asked)} exercises; a notebook has one to five"
    for i, tag, cell in tags:
        if tag.startswith("exercise-") and "..." not in cell.source:
            yield f"cell {i} leaves no gap ... to fill"
        if tag.startswith("check-"):
            yield from _check_cell(i, tag.removeprefix("check-"), cell)


def _check_cell(i, exercise, cell):
    if f'check("{exercise}"' not in cell.source:
        yield f'cell {i} does not call check("{exercise}", ...)'
    shown = [str(o.get("data", {}).get("text/plain", "")) for o in cell.get("outputs", [])]
    if not any(text.startswith("Not yet: ") for text in shown):
        yield f"cell {i} must store the verdict on the empty exercise, 'Not yet: ...'; it stores {shown}"


RULES = (executed_top_to_bottom, no_machine_left, quiet_outputs, sizes, alternative_texts, headings, opening,
         text_around_code, plain_code, style, tags_and_exercises)
