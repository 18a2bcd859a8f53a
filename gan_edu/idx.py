"""The IDX file format of MNIST: bytes in, arrays out, and a guess at what other bytes are. Opens no file and no
connection (that is `download`), and knows no data set (that is `data`).
"""

import struct

import numpy as np

from gan_edu.errors import DataError

_UINT8 = 0x08  # the only element type the image sets use; the format has five others


def parse_idx(content: bytes, name: str, dims: int) -> np.ndarray:
    """Return the uint8 array with `dims` dimensions that an IDX file holds.

    content: the whole file; name: how messages call it. The array is a read-only view of `content`.
    Raises DataError if the bytes are another format, another element type, another number of dimensions or too few
    or too many. Format: two zero bytes, element type, number of dimensions, the sizes as big-endian uint32, elements.
    """
    head = 4 + 4 * dims
    if len(content) < head or content[:4] != bytes((0, 0, _UINT8, dims)):
        raise DataError(f"{name} is {describe(content)}; expected IDX of uint8 in {dims}-D; "
                        "replace the file or fetch it again")
    shape = struct.unpack(f">{dims}I", content[4:head])
    size = head + int(np.prod(shape, dtype=object))  # Python integers: a forged header must not overflow
    if len(content) != size:
        raise DataError(f"{name} is damaged (got {len(content):,} bytes, expected {size:,} for {_times(shape)}); "
                        "delete it or fetch it again")
    return np.frombuffer(content, np.uint8, offset=head).reshape(shape)


def describe(content: bytes) -> str:
    """Say in a few words what a file's first bytes look like; never raises."""
    start = content[:64].lstrip()[:1]
    if not content:
        return "an empty file"
    for magic, words in ((b"\x1f\x8b", "gzip data"), (b"PK\x03\x04", "zip data"), (b"\x89PNG", "a PNG picture")):
        if content.startswith(magic):
            return words
    if start == b"<":
        return "a web page"
    if content[:2] == b"\0\0" and len(content) >= 4:
        return _describe_idx(content)
    return f"unknown data (it starts with {content[:4].hex(' ')})"


def _describe_idx(content: bytes) -> str:
    kind, dims = content[2], content[3]
    if kind not in (0x08, 0x09, 0x0B, 0x0C, 0x0D, 0x0E):
        return f"unknown data (it starts with {content[:4].hex(' ')})"
    if len(content) < 4 + 4 * dims:
        return f"the beginning of an IDX file ({len(content)} bytes)"
    sizes = _times(struct.unpack(f">{dims}I", content[4:4 + 4 * dims]))
    return f"IDX in {dims}-D, {sizes}" + ("" if kind == _UINT8 else f", element type 0x{kind:02x}")


def _times(shape: tuple[int, ...]) -> str:
    return " x ".join(f"{n:,}" for n in shape)
