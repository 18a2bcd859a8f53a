"""Tests of the shape of the package: floors, the rooms of third-party libraries, sizes, what never appears."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[1] / "gan_edu"
FILES = sorted(PACKAGE.rglob("*.py"))

# A file imports only from floors below its own. Helpers stand just under the room they serve.
FLOORS = [
    {"errors", "files"},
    {"theory", "objectives", "rng", "idx", "course"},
    {"download", "toys", "networks", "progress"},
    {"data", "translators"},
    {"games", "latent", "metrics", "history"},
    {"checkpoints"},
    {"training", "classifier"},
    {"pretrained", "sweeps", "audit", "failures"},
    {"museum"},
    {"plots", "checks", "evaluation"},
    {"widgets", "doctor"},
    {"cli"},
]
FLOOR = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}

# Where a library may be imported; None: anywhere but in theory.
ROOMS = {
    "numpy": None,
    "torch": None,
    "tqdm": {"training", "download", "sweeps", "metrics", "evaluation"},
    "torchvision": {"data", "download"},
    "sklearn": {"data", "metrics", "latent", "museum"},
    "safetensors": {"checkpoints"},
    "matplotlib": {"plots"},
    "PIL": {"plots", "widgets"},
    "sympy": {"checks"},
    "ipywidgets": {"widgets"},
    "anywidget": {"widgets"},
    "traitlets": {"widgets"},
    "IPython": {"plots", "widgets"},
    "packaging": {"doctor"},
    "threadpoolctl": {"doctor"},
    "joblib": {"sweeps"},
    "dask": {"sweeps"},
}
NEVER_IMPORTED = {"pickle", "multiprocessing", "shelve", "marshal", "dill", "concurrent"}
NEVER_CALLED = {"eval", "exec", "__import__", "os.system", "os.popen", "torch.load", "torch.save", "np.load"}
LONGEST_FILE, LONGEST_FUNCTION = 350, 40


def name_of(file: Path) -> str:
    return file.relative_to(PACKAGE.parent).as_posix()


def room_named(module: str) -> str:
    """Return the room a module stands in; plots_theory is a part of plots."""
    return module.split("_")[0] or module


def room_of(file: Path) -> str:
    return room_named(file.relative_to(PACKAGE).parts[0].removesuffix(".py"))


def tree_of(file: Path) -> ast.Module:
    return ast.parse(file.read_text(encoding="utf-8"))


def imports(file: Path) -> set[str]:
    """Return the dotted names of all imports of a file, those inside functions too."""
    found = set()
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{name_of(file)}:{node.lineno} imports relatively; write `from gan_edu...`"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def every(check):
    return pytest.mark.parametrize("file", FILES, ids=name_of)(check)


@every
def test_imports_come_from_lower_floors(file):
    rooms = {room_named(name.split(".")[1]) for name in imports(file) if name.startswith("gan_edu.")}
    rooms -= {"__version__", room_of(file)}
    if file == PACKAGE / "__init__.py":
        assert rooms == set()
        return
    assert room_of(file) in FLOOR, f"give {name_of(file)} its floor in this test"
    assert {room for room in rooms if FLOOR[room] >= FLOOR[room_of(file)]} == set()


@every
def test_libraries_stay_in_their_rooms(file):
    libraries = {name.split(".")[0] for name in imports(file)} - set(sys.stdlib_module_names) - {"gan_edu"}
    allowed = {lib for lib, rooms in ROOMS.items() if rooms is None or room_of(file) in rooms}
    if room_of(file) == "theory":
        allowed = {"numpy"}
    assert libraries - allowed == set()


@every
def test_nothing_that_runs_data_as_code_or_starts_workers(file):
    assert {name for name in imports(file) if name.split(".")[0] in NEVER_IMPORTED} == set()
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.Call):
            assert ast.unparse(node.func) not in NEVER_CALLED, f"{name_of(file)}:{node.lineno}"
            named = {word.arg: ast.unparse(word.value) for word in node.keywords}
            assert named.get("shell", "False") == "False", f"{name_of(file)}:{node.lineno}"
            assert named.get("weights_only", "True") == "True", f"{name_of(file)}:{node.lineno}"
            assert "num_workers" not in named, f"{name_of(file)}:{node.lineno}"


@every
def test_files_open_with_what_belongs_in_them_and_stay_short(file):
    text = file.read_text(encoding="utf-8")
    assert text.startswith('"""') and len(ast.get_docstring(tree_of(file))) > 40
    assert len(text.splitlines()) <= LONGEST_FILE


@every
def test_functions_stay_short(file):
    long = {}
    for node in ast.walk(tree_of(file)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            words = node.body[0] if ast.get_docstring(node) else None
            lines = node.end_lineno - node.lineno + 1 - (words.end_lineno - words.lineno + 1 if words else 0)
            if lines > LONGEST_FUNCTION:
                long[node.name] = lines
    assert long == {}


def is_public(node: ast.AST) -> bool:
    return isinstance(node, ast.FunctionDef | ast.ClassDef) and not node.name.startswith("_")


@every
def test_public_names_say_what_they_do_and_have_types(file):
    for node in filter(is_public, tree_of(file).body):
        if file.parent != PACKAGE and isinstance(node.body[0], ast.Return):
            continue   # a formula inside a widget or a verdict says itself what it returns
        place = f"{name_of(file)}:{node.lineno} {node.name}"
        assert ast.get_docstring(node), f"{place} has no docstring"
        if isinstance(node, ast.FunctionDef):
            untyped = [a.arg for a in (*node.args.args, *node.args.kwonlyargs) if a.annotation is None]
            assert not untyped and node.returns is not None, f"{place} is not annotated: {untyped or 'its result'}"


def modules_after(code: str) -> set[str]:
    done = subprocess.run([sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"],
                          capture_output=True, text=True, check=True, cwd=PACKAGE.parent)
    return {name.split(".")[0] for name in done.stdout.split()}


def test_import_of_the_package_is_light():
    heavy = {"torch", "torchvision", "numpy", "matplotlib", "ipywidgets", "anywidget", "sklearn", "IPython", "tqdm"}
    assert modules_after("import gan_edu") & heavy == set()


@pytest.mark.parametrize("room", ["data", "games", "checkpoints", "training"])
def test_rooms_for_training_load_no_pictures_and_no_widgets(room):
    if not (PACKAGE / f"{room}.py").exists():
        pytest.skip("not there yet")
    heavy = {"torchvision", "matplotlib", "ipywidgets", "anywidget", "sklearn", "IPython", "sympy"}
    assert modules_after(f"import gan_edu.{room}") & heavy == set()


def test_the_test_sees_what_it_is_there_for(tmp_path, monkeypatch):
    """A room that breaks each rule is caught, so that a green run means something."""
    monkeypatch.setattr(sys.modules[__name__], "PACKAGE", tmp_path / "gan_edu")
    bad = tmp_path / "gan_edu" / "theory.py"
    bad.parent.mkdir()
    lines = ["def f(x):", "    import pickle, torch", "    from gan_edu.games import GAN", "    eval(x)", *400 * ["  "]]
    bad.write_text("\n".join(lines) + "\n    return x\n")
    for check in (test_imports_come_from_lower_floors, test_libraries_stay_in_their_rooms,
                  test_nothing_that_runs_data_as_code_or_starts_workers, test_functions_stay_short,
                  test_files_open_with_what_belongs_in_them_and_stay_short,
                  test_public_names_say_what_they_do_and_have_types):
        with pytest.raises(AssertionError):
            check(bad)
