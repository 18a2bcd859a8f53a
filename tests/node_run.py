"""Runs the front end's pure JavaScript in node, so that it is compared with Python in milliseconds. Test help only."""

import json
import shutil
import subprocess
from typing import Any

import pytest

needs_node = pytest.mark.skipif(shutil.which("node") is None, reason="node is not installed; browser tests cover this")


def run_js(sources: list[str], body: str, **given: Any) -> Any:
    """Run sources and then `body` with `given` (JSON) in scope; return what body returns, through JSON."""
    program = "\n".join(sources) + (
        "\nconst fs = require('fs'); const given = JSON.parse(fs.readFileSync(0, 'utf8'));"
        "\n(async () => { " + body + " })().then((out) => console.log(JSON.stringify(out)),"
        " (error) => { console.error(error); process.exit(1); });")
    done = subprocess.run(["node", "-e", program], input=json.dumps(given), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
