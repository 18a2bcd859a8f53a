"""Which exercises this reader has solved: one small file on this machine, written when a check answers "Correct". What
is right belongs in checks, the table in cli_progress.

The file is `progress.json` in the folder $GAN_EDU_PROGRESS, else in the user's cache folder; not in $GAN_EDU_DATA, which
a class may share. It holds {"solved": {"03-best-judge": "2026-01-31"}}: exercise and the day it was first solved.
"""

import contextlib
import datetime
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from gan_edu import course
from gan_edu.errors import GanEduError
from gan_edu.files import cache_folder, write_whole

try:
    import fcntl
except ImportError:          # Windows: no locks, and of two kernels that note at the same moment the later one wins
    fcntl = None

NAME = "progress.json"
PATIENCE = 2.0               # seconds to wait for another kernel, which needs a few milliseconds


def file() -> Path:
    """Return the path of the file; it need not exist yet."""
    return Path(os.environ.get("GAN_EDU_PROGRESS") or cache_folder()).expanduser() / NAME


def remember(exercise_id: str) -> None:
    """Note that an exercise is solved, if this is the kernel of a reader's own notebook; never raise and never speak.

    An open notebook counts, in JupyterLab or VS Code. Scripts, tests, nbval and the solution edition do not.
    """
    with contextlib.suppress(Exception):     # a disk that is full, a home that is read-only: the verdict comes first
        if _is_readers_own(course.open_notebook()) and exercise_id not in _quick_look():
            _note(exercise_id)


def solved() -> dict[str, str]:
    """Return {exercise id: ISO date}, empty where nothing was noted; a damaged file is set aside first (see `aside`).

    Raises OSError if the file cannot be read, GanEduError if it is damaged and cannot be renamed.
    """
    path = file()
    if not path.exists():
        return {}
    try:
        return _read(path)
    except ValueError:
        pass
    try:
        with _turn(path):
            return _read_or_set_aside(path)
    except OSError as error:
        raise GanEduError(f"{path} is damaged and cannot be renamed ({error.strerror}); mend it by hand, or delete it") from error


def aside() -> list[Path]:
    """Return the damaged files that were kept, in order of their names."""
    return sorted(file().parent.glob(f"{file().stem}-damaged-*.json"))


def forget() -> None:
    """Remove the file, and leave those that were set aside. Raises OSError if it cannot be removed."""
    path = file()
    if path.exists():
        with _turn(path):
            path.unlink(missing_ok=True)


def _is_readers_own(notebook: Path | None) -> bool:
    """Whether somebody has this notebook open, and it is not the solution edition, which says so in its metadata."""
    if notebook is None:
        return False
    try:
        metadata = json.loads(notebook.read_text(encoding="utf-8"))["metadata"]
        return metadata.get("gan_edu", {}).get("edition") != "solutions"
    except (OSError, ValueError, KeyError, AttributeError, TypeError):     # renamed since it was opened, or not saved in our form
        return True


def _quick_look() -> dict[str, str]:
    try:
        return _read(file())
    except (OSError, ValueError):
        return {}


def _note(exercise_id: str) -> None:
    path = file()
    path.parent.mkdir(parents=True, exist_ok=True)
    with _turn(path):
        known = _read_or_set_aside(path)
        known.setdefault(exercise_id, datetime.date.today().isoformat())
        write_whole(path, json.dumps({"solved": known}, indent=1, sort_keys=True).encode())


def _read(path: Path) -> dict[str, str]:
    """Read the file or raise ValueError if it is not what this room writes."""
    content = json.loads(path.read_bytes())
    known = content.get("solved") if isinstance(content, dict) else None
    if not isinstance(known, dict) or not all(isinstance(date, str) for date in known.values()):
        raise ValueError(f"{path} does not hold exercises and dates")
    return known


def _read_or_set_aside(path: Path) -> dict[str, str]:
    """Read the file; rename one that is damaged to a name that is free. The caller holds the lock."""
    try:
        return _read(path)
    except FileNotFoundError:
        return {}
    except ValueError:
        number = 1
        while (kept := path.with_name(f"{path.stem}-damaged-{number}.json")).exists():
            number += 1
        path.rename(kept)
        return {}


@contextlib.contextmanager
def _turn(path: Path) -> Iterator[None]:
    """Wait until no other process reads, changes and writes the file; raise BlockingIOError after `PATIENCE` seconds."""
    with open(path.with_name(f".{path.name}.lock"), "w") as lock:      # closing it gives the turn to the next
        deadline = time.monotonic() + PATIENCE
        while fcntl is not None:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
            except OSError:                  # a file system without locks
                break
        yield
