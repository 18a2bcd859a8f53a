"""Assembles the one WebAssembly function that the browser's forward pass spends its time in. Nothing else belongs here.

Written out instruction by instruction, so that the bytes in the page have a source that can be read. In words:

    dense(w, x, y, b, rows, stride, slope):                # byte addresses; stride: bytes of a row, a multiple of 32
        for each row:  v = b[row] + sum over the row of w * x        (two sums of four lanes at a time)
                       y[row] = max(v, slope * v)                    (slope 1: nothing; 0.2: LeakyReLU; 0: ReLU)
"""

from functools import cache

# Value types; opcodes are those of the WebAssembly core specification, section 5.4 (SIMD follows the prefix 0xFD).
I32, F32, V128 = 0x7F, 0x7D, 0x7B
W, X, Y, B, ROWS, STRIDE, SLOPE = range(7)             # parameters
I, V, SUM0, SUM1 = range(7, 11)                        # locals


def _leb(n: int) -> bytes:
    """Unsigned LEB128."""
    out = bytearray()
    while True:
        n, low = n >> 7, n & 0x7F
        out.append(low | (0x80 if n else 0))
        if not n:
            return bytes(out)


def _signed(n: int) -> bytes:
    """Signed LEB128 of a small constant (-64 to 63)."""
    return bytes([n & 0x7F])


def _vector(items: list[bytes]) -> bytes:
    return _leb(len(items)) + b"".join(items)


def _section(number: int, body: bytes) -> bytes:
    return bytes([number]) + _leb(len(body)) + body


def get(i: int) -> bytes: return b"\x20" + _leb(i)                                    # noqa: E704
def put(i: int) -> bytes: return b"\x21" + _leb(i)                                    # noqa: E704
def const(n: int) -> bytes: return b"\x41" + _signed(n)                               # noqa: E704
def simd(op: int) -> bytes: return b"\xfd" + _leb(op)                                 # noqa: E704
def load4(offset: int) -> bytes: return simd(0) + b"\x00" + _leb(offset)              # noqa: E704
def lane(i: int) -> bytes: return simd(31) + bytes([i])                               # noqa: E704


ADD_I, LESS_U, ADD_F, MUL_F, MAX_F = b"\x6a", b"\x49", b"\x92", b"\x94", b"\x97"
ADD4, MUL4 = simd(228), simd(230)
LOOP, END = b"\x03\x40", b"\x0b"
ZERO4 = simd(12) + bytes(16)


def again_if(condition: bytes) -> bytes:
    return condition + b"\x0d\x00"


def _step(total: int, offset: int) -> bytes:
    """total += w[i + offset] * x[i + offset], four lanes."""
    address = [get(p) + get(I) + ADD_I + load4(offset) for p in (W, X)]
    return get(total) + address[0] + address[1] + MUL4 + ADD4 + put(total)


def _advance(pointer: int, by: bytes) -> bytes:
    return get(pointer) + by + ADD_I + put(pointer)


def _body() -> bytes:
    inner = (LOOP + _step(SUM0, 0) + _step(SUM1, 16) + _advance(I, const(32))
             + again_if(get(I) + get(STRIDE) + LESS_U) + END)
    lanes = b"".join(get(SUM0) + lane(i) + ADD_F for i in range(4))
    finish = (get(SUM0) + get(SUM1) + ADD4 + put(SUM0)
              + get(B) + b"\x2a\x02\x00" + lanes + put(V)                             # f32.load
              + get(Y) + get(V) + get(V) + get(SLOPE) + MUL_F + MAX_F + b"\x38\x02\x00")  # f32.store
    row = (LOOP + const(0) + put(I) + ZERO4 + put(SUM0) + ZERO4 + put(SUM1) + inner + finish
           + _advance(W, get(STRIDE)) + _advance(B, const(4)) + _advance(Y, const(4))
           + _advance(ROWS, const(-1)) + again_if(get(ROWS)) + END)
    local = _vector([_leb(1) + bytes([I32]), _leb(1) + bytes([F32]), _leb(2) + bytes([V128])])
    code = local + row + END
    return _leb(len(code)) + code


@cache
def dense_module() -> bytes:
    """Return the module: it imports one memory, env.memory, and exports dense."""
    signature = b"\x60" + _vector([bytes([t]) for t in (*[I32] * 6, F32)]) + _vector([])
    name = b"\x03env\x06memory"
    return (b"\x00asm\x01\x00\x00\x00"
            + _section(1, _vector([signature]))
            + _section(2, _vector([name + b"\x02\x00\x01"]))
            + _section(3, _vector([_leb(0)]))
            + _section(7, _vector([b"\x05dense\x00\x00"]))
            + _section(10, _vector([_body()])))
