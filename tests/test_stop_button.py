"""The stop button, in every cell that trains: a real kernel is interrupted there, and the cell runs again to its end.

The cells are found while their notebook runs, by what they do: see tests/stop_watch.py. A stopped cell says "stopped at
step ..." or ends in KeyboardInterrupt. It may go on to what does not train: a claim of its own about the whole run then
fails, below the word about the step. A cell whose training is over before the interrupt arrives is too quick to be hit.
"""

import ast
import os
import random
import time
from pathlib import Path

import pytest
from jupyter_client.manager import start_new_kernel

from notebooks import build
from stop_watch import IN_TRAINING

LATE = 2.0                      # seconds after the press in which the step in progress may end
TOO_QUICK = 0.05                # seconds that an interrupt may take to the kernel
TWINS = [twin for twin in build.twins([]) if "gan_edu.training import" in twin.read_text() or "torch.optim" in twin.read_text()]


def calls_train(source: str) -> bool:
    """Say whether a cell calls `train` itself, not in a function that it defines."""
    todo = list(ast.parse(source).body)
    while todo:
        node = todo.pop()
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "train":
            return True
        if not isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef):
            todo += ast.iter_child_nodes(node)
    return False


class Kernel:
    """A kernel that runs cells and can be interrupted in one of them."""

    def __init__(self, folder: Path) -> None:
        paths = [str(Path(__file__).parent), os.environ.get("PYTHONPATH", "")]
        self.manager, self.client = start_new_kernel(
            kernel_name="python3", cwd=str(build.HERE),
            env=os.environ | {"GAN_EDU_DATA": str(folder), "PYTHONPATH": os.pathsep.join(filter(None, paths))})
        self.ask("__import__('stop_watch').watch(get_ipython())")

    def ask(self, expression: str):
        """Return the value of an expression, without a trace in the notebook."""
        reply = self.client.execute_interactive("", silent=True, user_expressions={"it": expression}, timeout=60)
        answer = reply["content"]["user_expressions"]["it"]
        assert answer["status"] == "ok", answer
        return ast.literal_eval(answer["data"]["text/plain"])

    def run(self, source: str, press_after: float | None = None) -> tuple[str, str, float | None]:
        """Run a cell; press the stop button so many seconds after it is in training. Return status, text, press."""
        text, pressed = [], None

        def hear(message: dict) -> None:
            nonlocal pressed
            content = message["content"]
            text.append(content.get("text", "") + content.get("evalue", ""))
            if press_after is not None and IN_TRAINING in text[-1]:
                time.sleep(press_after)
                self.manager.interrupt_kernel()
                pressed = time.time()

        content = self.client.execute_interactive(source, output_hook=hear, timeout=180)["content"]
        return content.get("ename", content["status"]), "".join(text), pressed

    def close(self) -> None:
        self.client.stop_channels()
        self.manager.shutdown_kernel(now=True)


def require_stopped(kernel: Kernel, source: str, status: str, text: str, pressed: float) -> bool:
    """Assert that a cell ended as promised after a press; return whether the press found it in training."""
    assert kernel.manager.is_alive()
    _, last, whole = kernel.ask("__import__('stop_watch').report()")
    assert whole, f"a game stands in mid-step after:\n{source}"
    assert last < pressed + LATE, f"went on training for {last - pressed:.1f} s after the press:\n{source}"
    if "stopped at step" in text:
        assert status in ("ok", "AssertionError", "KeyboardInterrupt"), f"{status}: {text}"
    elif status != "KeyboardInterrupt":
        assert status == "ok" and last < pressed + TOO_QUICK, f"neither stopped nor over ({status}):\n{source}\n{text}"
        return False
    return True


def test_there_are_notebooks_that_train_and_the_rule_sees_their_cells():
    assert len(TWINS) >= 10
    assert calls_train("for k in (1, 2):\n    history = train(game, data, k=k)") and not calls_train("G.train()")
    assert not calls_train("def play():\n    train(game, data)")


@pytest.mark.slow
@pytest.mark.parametrize("twin", TWINS, ids=lambda twin: twin.stem)
def test_every_training_cell_stops_and_runs_again(twin, tmp_path):
    kernel, presses, hit, trained = Kernel(tmp_path), random.Random(twin.stem), 0, []
    cells = [cell.source for cell in build.solution_edition(twin).cells if cell.cell_type == "code"]
    try:
        for source in cells:
            status, text, pressed = kernel.run(source, press_after=presses.uniform(0, 0.1))
            if pressed is not None:
                trained.append(source)
                hit += require_stopped(kernel, source, status, text, pressed)
                status, text, _ = kernel.run(source)
            assert status == "ok", f"{status} in the next run of, or after, a stopped cell:\n{source}\n{text}"
    finally:
        kernel.close()
    assert trained and set(filter(calls_train, cells)) <= set(trained)
    assert hit or not any(map(calls_train, cells))
