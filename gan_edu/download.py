"""The files of the public image sets: found in a folder, or fetched, and in both cases verified before use. Returns
bytes; what they mean is for `idx` and `data`.

torchvision's own download has no time-out, gives up its second mirror after a reset, and trusts a cached file that
has a flipped byte. So only its folder layout is kept, and the transfer is ours. Trust rests on SHA-256, never on the
mirror. MNIST is pinned by the four unpacked files. For Fashion-MNIST what is published widely, and pinned here, are
the packed files, so they stay packed in the folder and are unpacked in memory.
"""

import contextlib
import hashlib
import http.client
import os
import secrets
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
import zlib
from dataclasses import dataclass
from pathlib import Path

from gan_edu.errors import DataError
from gan_edu.idx import describe

TIMEOUT = 15.0       # seconds without an answer before the next mirror is tried
_STALE = 600.0       # seconds after which a leftover .part file belongs to nobody
_LOOPBACK = ("127.0.0.1", "::1", "localhost")


@dataclass(frozen=True)
class Member:
    """Name one file of a set: its unpacked size in bytes, and the SHA-256 of the form that is kept on disk."""

    name: str
    raw_bytes: int
    sha256: str
    packed: bool = False  # True: the hash is of `name`.gz, and that is the file kept

    @property
    def file(self) -> str:
        """Return the name of the file kept on disk."""
        return self.name + ".gz" if self.packed else self.name


@dataclass(frozen=True)
class Source:
    """Name one public image set: what people and commands call it, its folder, its mirrors and its files by split."""

    name: str
    title: str
    folder: str
    mirrors: tuple[str, ...]
    members: dict[str, tuple[Member, Member]]  # split -> (images, labels)


def _source(name: str, title: str, folder: str, mirrors: tuple[str, ...], hashes: tuple[str, ...], packed: bool):
    names = ("train-images-idx3-ubyte", "train-labels-idx1-ubyte", "t10k-images-idx3-ubyte", "t10k-labels-idx1-ubyte")
    sizes = (16 + 60_000 * 784, 8 + 60_000, 16 + 10_000 * 784, 8 + 10_000)  # IDX header + one byte a pixel or label
    files = [Member(*row, packed) for row in zip(names, sizes, hashes, strict=True)]
    return Source(name, title, folder, mirrors, {"train": (files[0], files[1]), "test": (files[2], files[3])})


SOURCES = {source.name: source for source in (
    _source("mnist", "MNIST", "MNIST",
            ("https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"),
            ("ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
             "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
             "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
             "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2"), packed=False),
    _source("fashion", "Fashion-MNIST", "FashionMNIST",
            ("https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
             "https://storage.googleapis.com/tensorflow/tf-keras-datasets/"),
            ("3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
             "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
             "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
             "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5"), packed=True),
)}


def read_member(source: Source, member: Member, root: Path, *, download: bool = True,
                timeout: float | None = None) -> bytes:
    """Return the unpacked bytes of one file of `source`, verified.

    root: the data folder; the file is looked for in <root>/<source.folder>/raw. download: fetch what is missing and
    replace what is damaged. timeout: seconds to wait for each mirror, None for TIMEOUT. Raises DataError.
    """
    folder = root / source.folder / "raw"
    content, trouble = _cached(folder / member.file, member)
    if content is not None:
        return content
    if not download:
        raise DataError(trouble or f"{_missing(source, folder)}; {_advice(source)}")
    content = _fetch(source, member, folder, TIMEOUT if timeout is None else timeout, trouble)
    if trouble:
        _say(f"replaced {member.file}: {trouble}")
    return content


def _cached(path: Path, member: Member) -> tuple[bytes | None, str]:
    """Return the verified unpacked content and "", or None and what is wrong ("" where there is no file)."""
    try:
        kept = path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        return None, ""
    except OSError as error:
        raise DataError(f"file {path} cannot be read ({error.strerror}); "
                        "make it readable or set GAN_EDU_DATA to another folder") from error
    try:
        return _verified(kept, member), ""
    except _Unusable as error:
        return None, f"file {path} is damaged ({error}); delete it or run `gan-edu fetch`"


def _fetch(source: Source, member: Member, folder: Path, timeout: float, trouble: str) -> bytes:
    """Fetch one file from the first mirror that serves it right, and keep it; nothing partial is ever kept."""
    part = _open_part(folder, member)
    try:
        _say(f"fetching {member.name} of {source.title} into {folder}")
        kept, content = _from_mirrors(source, member, folder, timeout, trouble)
        _keep(kept, part, folder / member.file)
    finally:
        part.unlink(missing_ok=True)
    return content


def _keep(kept: bytes, part: Path, path: Path) -> None:
    """Write aside, then rename, so that `path` holds the old file or the new one and never a piece."""
    try:
        with part.open("wb") as file:
            file.write(kept)
            file.flush()
            os.fsync(file.fileno())
        os.replace(part, path)
    except OSError as error:
        raise _unwritable(path, error) from error


def _open_part(folder: Path, member: Member) -> Path:
    """Create an empty file with a name of its own, so that a folder problem shows before the transfer does."""
    part = folder / f"{member.file}.{os.getpid()}-{secrets.token_hex(4)}.part"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob("*.part"):
            with contextlib.suppress(FileNotFoundError):      # its writer may have renamed it since we looked
                if time.time() - old.stat().st_mtime > _STALE:
                    old.unlink()
        part.touch(exist_ok=False)
    except OSError as error:
        raise _unwritable(folder, error) from error
    return part


def _from_mirrors(source: Source, member: Member, folder: Path, timeout: float, trouble: str) -> tuple[bytes, bytes]:
    """Return (bytes to keep, unpacked bytes), or raise one DataError that lists every URL with its reason."""
    reasons, offline = [], True
    for mirror in source.mirrors:
        url = f"{mirror}{member.name}.gz"
        try:
            packed = _get(url, member.raw_bytes + 65_536, timeout)
            content = _unpack(packed, member) if not member.packed else packed
            return content, _verified(content, member)
        except (OSError, http.client.HTTPException, _Unusable) as error:
            offline &= isinstance(error, OSError) and not isinstance(error, urllib.error.HTTPError | TimeoutError)
            reasons.append(f"  {url}: {_reason(error, timeout)}")
    what = trouble or _missing(source, folder) + (" and no network" if offline else " and no mirror has it")
    raise DataError("\n".join([what + ":", *reasons, f"Put the file {member.file} into {folder} by hand, or "
                               + _advice(source)]))


def _get(url: str, limit: int, timeout: float) -> bytes:
    """Return the body behind a URL: https only, at most `limit` bytes, as long as its header promised."""
    _refuse_plain_http(url)
    with urllib.request.build_opener(_SafeRedirect).open(url, timeout=timeout) as response:
        chunks, got = [], 0
        while chunk := response.read(1 << 16):
            chunks.append(chunk)
            got += len(chunk)
            if got > limit:
                raise _Unusable(f"sent more than {limit:,} bytes")
        promised = response.headers.get("Content-Length")
    if promised is not None and got != int(promised):
        raise _Unusable(f"the connection ended after {got:,} of {int(promised):,} bytes")
    return b"".join(chunks)


def _refuse_plain_http(url: str) -> None:
    parts = urllib.parse.urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in _LOOPBACK:  # this machine itself needs no encryption
        raise urllib.error.URLError(f"refused {parts.scheme}://{parts.hostname}, only https is allowed")


class _SafeRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, req, fp, code, msg, headers, newurl):
        _refuse_plain_http(newurl)
        if req.type == "https" and not newurl.startswith("https:"):
            raise urllib.error.URLError(f"refused the redirect from https to {newurl}, only https is allowed")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


def _verified(kept: bytes, member: Member) -> bytes:
    """Return the unpacked content of a file in its kept form if the hash is the pinned one; else raise _Unusable."""
    if hashlib.sha256(kept).hexdigest() != member.sha256:
        looks = describe(kept)
        if not member.packed and len(kept) != member.raw_bytes:
            raise _Unusable(f"got {len(kept):,} bytes, expected {member.raw_bytes:,}; it looks like {looks}")
        raise _Unusable(f"got {len(kept):,} bytes with another SHA-256 than {member.sha256[:12]}...; "
                        f"it looks like {looks}")
    return _unpack(kept, member) if member.packed else kept


def _unpack(packed: bytes, member: Member) -> bytes:
    """Return gzip data unpacked in memory, never more than the known size; a name inside it is never looked at."""
    if packed[:2] != b"\x1f\x8b":
        raise _Unusable(f"got {describe(packed)}; expected gzip data")
    unpacker = zlib.decompressobj(wbits=31)
    try:
        content = unpacker.decompress(packed, member.raw_bytes + 1)
    except zlib.error as error:
        raise _Unusable(f"the gzip data is damaged ({error})") from error
    if len(content) != member.raw_bytes:
        size = f"more than {member.raw_bytes:,}" if len(content) > member.raw_bytes else f"{len(content):,}"
        raise _Unusable(f"unpacks to {size} bytes, expected {member.raw_bytes:,}")
    return content


class _Unusable(Exception):  # noqa: N818  (never leaves this file)
    """Bytes that are not the file asked for; the text says how."""


def _reason(error: Exception, timeout: float) -> str:
    if isinstance(error, urllib.error.HTTPError):
        return f"answered {error.code} {error.reason}"
    error = getattr(error, "reason", error)
    if isinstance(error, TimeoutError):
        return f"no answer in {timeout:g} s"
    return str(error) or type(error).__name__


def _missing(source: Source, folder: Path) -> str:
    return f"{source.title} is not on this machine (looked in {folder})"


def _advice(source: Source) -> str:
    return (f"run `gan-edu fetch {source.name}` where there is a network, or set GAN_EDU_DATA to a folder "
            f"that has {source.folder}/raw")


def _unwritable(path: Path, error: OSError) -> DataError:
    return DataError(f"cannot write {path} ({error.strerror or error}; no permission, or disk full?); free space there "
                     "or set GAN_EDU_DATA to a folder that can be written")


def _say(text: str) -> None:
    print(f"gan_edu: {text}", file=sys.stderr)
