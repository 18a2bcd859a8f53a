"""A real JupyterLab over a folder of its own, and pages in it. For the browser tests and for benchmarks/widgets.py."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nbformat

ROOT = Path(__file__).resolve().parents[2]
FLAGS = ("--headless --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking "
         "--disable-component-update --disable-sync --disable-dev-shm-usage").split()
QUIET = {"@jupyterlab/apputils-extension:notification": {"fetchNews": "false", "checkForUpdates": False},
         "@jupyterlab/apputils-extension:themes": {"theme": "JupyterLab Light"}}
RUN_ALL = """async () => {
  const app = window.jupyterapp, notebook = app.shell.currentWidget;
  await notebook.context.ready; await notebook.sessionContext.ready; await notebook.sessionContext.session.kernel.info;
  await app.commands.execute('notebook:run-all-cells');
  return notebook.content.widgets.filter((cell) => cell.model.type === 'code')
    .flatMap((cell) => cell.model.outputs.toJSON()).filter((o) => o.output_type === 'error')
    .map((o) => o.ename + ': ' + o.evalue);
}"""


def chromium_path() -> str | None:
    """Return where Chromium is, or None."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


def _environment(home: Path) -> dict[str, str]:
    folders = {"JUPYTER_CONFIG_DIR": "config", "JUPYTER_DATA_DIR": "data", "JUPYTER_RUNTIME_DIR": "runtime",
               "JUPYTERLAB_SETTINGS_DIR": "settings", "JUPYTERLAB_WORKSPACES_DIR": "workspaces",
               "IPYTHONDIR": "ipython"}
    for plugin, values in QUIET.items():
        package, name = plugin.split(":")
        file = home / "settings" / package / f"{name}.jupyterlab-settings"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(json.dumps(values))
    return os.environ | {k: str(home / v) for k, v in folders.items()} | {
        "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}


def _free_port() -> int:
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


def _wait_for(url: str, server: subprocess.Popen, log: Path) -> None:
    end = time.monotonic() + 90
    while time.monotonic() < end and server.poll() is None:
        try:
            with urllib.request.urlopen(url + "/api", timeout=2):
                return
        except OSError:
            time.sleep(0.1)
    raise RuntimeError("JupyterLab did not start:\n" + log.read_text()[-2000:])


def hear_problems(page) -> None:
    """Gather what goes wrong in a page's console in page.problems."""
    page.problems = []
    page.on("pageerror", lambda error: page.problems.append(str(error)))
    page.on("console", lambda m: page.problems.append(m.text) if m.type == "error" else None)


class Lab:
    """A JupyterLab server over a folder of its own, and pages in it."""

    def __init__(self, url: str, folder: Path, browser) -> None:
        self.url, self.folder, self.browser = url, folder, browser

    def write(self, name: str, *cells: str) -> str:
        """Make a notebook of code cells and return its name."""
        kernel = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
        nb = nbformat.v4.new_notebook(metadata=kernel, cells=[nbformat.v4.new_code_cell(c) for c in cells])
        nbformat.write(nb, self.folder / name)
        return name

    def open(self, name: str, *, width: int = 1280, height: int = 900, run: bool = True):
        """Open a notebook in a new page and run it; page.problems gathers what goes wrong in the console."""
        page = self.browser.new_page(viewport={"width": width, "height": height})
        page.set_default_timeout(90_000)                 # a busy machine is slow to load it
        hear_problems(page)
        page.goto(f"{self.url}/lab/tree/{name}?reset")
        page.wait_for_function("window.jupyterapp?.shell.currentWidget?.sessionContext")
        if run:
            problems = page.evaluate(RUN_ALL)
            assert problems == [], problems
        return page

    def close(self, page) -> None:
        """Shut the page's kernel down and close it."""
        page.evaluate("async () => { await window.jupyterapp.shell.currentWidget?.sessionContext.shutdown() }")
        page.close()


@contextmanager
def running_lab(browser, home: Path) -> Iterator[Lab]:
    """Start JupyterLab over a copy of notebooks/ in an empty folder `home`, and stop it afterwards."""
    folder, log, port = home / "root", home / "server.log", _free_port()
    shutil.copytree(ROOT / "notebooks", folder / "notebooks", ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    command = [sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", "--ip=127.0.0.1", f"--port={port}",
               "--ServerApp.port_retries=0", "--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True",
               f"--ServerApp.root_dir={folder}", "--LabApp.expose_app_in_browser=True"]
    with log.open("w") as out:
        server = subprocess.Popen(command, stdout=out, stderr=out, env=_environment(home), start_new_session=True)
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(url, server, log)
        yield Lab(url, folder, browser)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        try:
            server.wait(20)
        except subprocess.TimeoutExpired:
            os.killpg(server.pid, signal.SIGKILL)
            server.wait(5)
