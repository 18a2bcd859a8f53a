"""How a formula that a reader typed is read and compared: text, SymPy expression or Python function, on given points.

Text is parsed with `ast` and only arithmetic, given names and a few functions are evaluated: nothing in it can
run. Which formula is right belongs in nbNN.py.
"""

import ast
import operator
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from gan_edu.checks.core import NotYet, ReaderError, array

Points = Mapping[str, np.ndarray]  # one array (n,) of values for each name

_BINARY = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
           ast.Pow: operator.pow}
_UNARY = {ast.USub: operator.neg, ast.UAdd: operator.pos}
_FUNCTIONS = {"log": np.log, "ln": np.log, "exp": np.exp, "sqrt": np.sqrt, "abs": np.abs}
_CONSTANTS = {"pi": np.pi, "e": np.e}
_SPELLING = {"^": "**", "\N{MINUS SIGN}": "-", "\N{MIDDLE DOT}": "*", "\N{MULTIPLICATION SIGN}": "*"}


def read_formula(text: str, names: Sequence[str]) -> Callable[..., np.ndarray]:
    """Return a function of `names` (keyword arguments) that evaluates the formula; NotYet if it cannot be read."""
    for found, meant in _SPELLING.items():
        text = text.replace(found, meant)
    if len(text) > 300:
        raise NotYet("this formula has more than 300 characters; the right one is far shorter.")
    try:
        tree = ast.parse(text.strip(), mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise NotYet(f"{text[:60]!r} cannot be read as a formula. Write every * and close every bracket.") from None
    _walk(tree, {name: np.float64(0.3) for name in names})  # a wrong name is told at once
    return lambda **values: _walk(tree, values)


def _walk(node: ast.AST, values: Mapping[str, object]) -> object:
    match node:
        case ast.Constant(value=int() | float() as number) if not isinstance(number, bool):
            return np.float64(number)
        case ast.Name(id=name) if name in values or name in _CONSTANTS:
            return values.get(name, _CONSTANTS.get(name))
        case ast.Name(id=name):
            raise NotYet(f"the name {name!r} is not known here. You may use {_listed(values)}, numbers and log.")
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
            return _BINARY[type(op)](_walk(left, values), _walk(right, values))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _UNARY:
            return _UNARY[type(op)](_walk(operand, values))
        case ast.Call(func=function, args=[argument], keywords=[]):
            return _named(function, values)(_walk(argument, values))
    raise NotYet(f"only + - * / ** and {', '.join(_FUNCTIONS)} of {_listed(values)} can stand in a formula here.")


def _named(node: ast.AST, values: Mapping[str, object]) -> Callable:
    """Return the function that `log`, `np.log` or `math.log` means."""
    of_module = isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    name = node.attr if of_module else getattr(node, "id", "")
    if name in _FUNCTIONS:
        return _FUNCTIONS[name]
    if name in values or isinstance(node, ast.Constant | ast.BinOp):
        raise NotYet("there is no sign before a bracket; write the * of a product, as in 2*(p + q).")
    raise NotYet(f"the function {name or '?'!r} is not known here. You may use {', '.join(_FUNCTIONS)}.")


def _listed(values: Mapping[str, object]) -> str:
    return ", ".join(values)


def evaluate(answer: object, points: Points, name: str = "your formula") -> np.ndarray:
    """Return the answer's values (n,) at the points; answer: text, SymPy expression, number or Python function.

    Raises NotYet if it cannot be read, has another shape, or is not a finite number everywhere.
    """
    size = next(iter(points.values())).size
    if isinstance(answer, str):
        got = read_formula(answer, list(points))(**points)
    elif hasattr(answer, "free_symbols"):
        got = _of_sympy(answer, points)
    elif callable(answer):
        got = _of_function(answer, points)
    else:
        got = answer
    got = array(got, name=name)
    if got.shape not in ((), (size,)):
        raise NotYet(f"{name} should give one number for each point; it gave shape {got.shape} for {size} points.")
    return np.broadcast_to(got, (size,))


def _of_sympy(expression: object, points: Points) -> list[float]:
    unknown = {str(symbol) for symbol in expression.free_symbols} - set(points)
    if unknown:
        raise NotYet(f"the symbol {sorted(unknown)[0]!r} is not known here. You may use {_listed(points)}.")
    rows = zip(*points.values(), strict=True)
    by_name = {str(symbol): symbol for symbol in expression.free_symbols}
    return [float(expression.subs({by_name[n]: v for n, v in zip(points, row, strict=True) if n in by_name}))
            for row in rows]


def _of_function(answer: Callable, points: Points) -> object:
    """Call the function once on arrays; if that fails, once a point, so that math.log is as good as np.log."""
    arrays = [np.array(values) for values in points.values()]
    try:
        got = answer(*arrays)
        if np.shape(got) == arrays[0].shape:
            return got
    except ReaderError:
        pass
    return [answer(*row) for row in zip(*(values.tolist() for values in arrays), strict=True)]


def worst(got: np.ndarray, truth: np.ndarray, *, tolerance: float = 1e-6) -> int | None:
    """Return the index of the plainest disagreement, or None if all agree to `tolerance` (relative above 1)."""
    error = np.abs(got - truth) / np.maximum(1.0, np.abs(truth))
    return None if np.all(error <= tolerance) else int(np.argmax(error))


def at(points: Points, i: int) -> str:
    """Return "p = 0.3, q = 0.7" for point i: the counter-example in words."""
    return ", ".join(f"{name} = {values[i]:g}" for name, values in points.items())


def random_points(names: Sequence[str], *, n: int = 200, low: float = 0.01, high: float = 3.0) -> Points:
    """Return n seeded points, two decimals each, so that a counter-example can be typed in exactly as it is shown."""
    rng = np.random.default_rng(2014)
    return {name: np.round(rng.uniform(low, high, n), 2) for name in names}
