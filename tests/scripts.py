"""The scripts of benchmarks/ as modules, for tests of them; importing one starts nothing. Test help only."""

import importlib.util
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType


@contextmanager
def benchmark(name: str) -> Iterator[ModuleType]:
    """Give benchmarks/NAME.py as a module, and take its name back at the end."""
    spec = importlib.util.spec_from_file_location(name, Path(__file__).parents[1] / "benchmarks" / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules[name]
