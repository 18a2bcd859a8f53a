"""Files that are there whole or not at all, and the folder for them. What is in them is for the rooms above."""

import contextlib
import os
import sys
import time
import uuid
from pathlib import Path

STRAY_SECONDS = 3600      # a younger temporary file may belong to another process that is still writing


def cache_folder(platform: str = sys.platform) -> Path:
    """Return the folder where this system keeps what programs can fetch again; it need not exist yet."""
    if platform == "win32":
        base = os.environ.get("LOCALAPPDATA") or Path.home() / "AppData" / "Local"
    elif platform == "darwin":
        base = Path.home() / "Library" / "Caches"
    else:
        base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "gan_edu"


def write_whole(path: Path, content: bytes) -> None:
    """Write aside, wait for the disk, then take the name: after a crash, `path` holds the old file or the new one.

    Sweeps temporary files of this name that killed processes left. Raises OSError, the old file being intact.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    for old in path.parent.glob(f".{path.name}.*.part"):
        with contextlib.suppress(FileNotFoundError):      # its writer may have renamed it since we looked
            if time.time() - old.stat().st_mtime > STRAY_SECONDS:
                old.unlink()
    part = path.with_name(f".{path.name}.{uuid.uuid4().hex}.part")
    try:
        with open(part, "xb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
