"""Points z in latent space: draws, paths between two of them, and directions worth walking in.

Here belongs what needs z and a generator's weights alone. Pictures, sliders, images and D do not.
"""

import torch
from torch import Tensor, nn

from gan_edu.errors import whole

DISTRIBUTIONS = ("normal", "uniform")


def sample_latent(n: int, dim: int, *, distribution: str = "normal",
                  generator: torch.Generator | None = None) -> Tensor:
    """Return n points z, float32 (n, dim), each coordinate with mean 0 and variance 1.

    distribution: "normal", N(0, 1), or "uniform", U[-sqrt 3, sqrt 3]. generator: where the numbers come from; None
    takes PyTorch's global one. Raises ValueError for another name or for sizes below 1.
    """
    shape = whole("n", n), whole("dim", dim)
    if distribution not in DISTRIBUTIONS:
        raise ValueError(f"distribution must be one of {', '.join(DISTRIBUTIONS)}, got {distribution!r}")
    if distribution == "normal":
        return torch.randn(shape, generator=generator)
    return (2 * torch.rand(shape, generator=generator) - 1) * 3 ** 0.5


def lerp(a: Tensor, b: Tensor, t: float | Tensor) -> Tensor:
    """Return (1 - t) a + t b, the straight line from a (t = 0) to b (t = 1).

    a, b: (..., dim) of one shape. t: a number, giving a's shape; or a tensor (m,), giving (m, ..., dim). t may lie
    outside [0, 1]. Raises ValueError for unequal shapes. Half-way between two independent z, the line comes nearer to
    0 than any typical z: its norm is 1/sqrt 2 of theirs.
    """
    a, b, t = _ends(a, b, t)
    return (1 - t) * a + t * b


def slerp(a: Tensor, b: Tensor, t: float | Tensor) -> Tensor:
    """Return points on the great circle from a (t = 0) to b (t = 1), their norms going evenly from |a| to |b|.

    a, b, t: as in `lerp`. With theta the angle between a and b, the direction is
    sin((1 - t) theta) / sin(theta) a/|a| + sin(t theta) / sin(theta) b/|b|. It is computed as
    cos(t theta) a/|a| + sin(t theta) c, with c the unit vector at a right angle to a towards b: the same, and right at
    theta = 0 too. Parallel ends give the line. Opposite ends have no one great circle: the path then turns through the
    coordinate axis that a leans on least. Raises ValueError for unequal shapes or an end at 0, which has no direction.
    Source: Shoemake, Animating Rotation with Quaternion Curves, Computer Graphics 19(3), 1985, page 245.
    """
    a, b, t = _ends(a, b, t)
    long_a, long_b = a.norm(dim=-1, keepdim=True), b.norm(dim=-1, keepdim=True)
    if not ((long_a > 0).all() and (long_b > 0).all()):
        raise ValueError("slerp needs two directions, got an end with norm 0; use lerp from or to the origin")
    a, b = a / long_a, b / long_b
    apart, along = (b - a).norm(dim=-1, keepdim=True), (b + a).norm(dim=-1, keepdim=True)
    theta = 2 * torch.atan2(apart, along)                     # exact for small angles too, where arccos is not
    side = _side_of(a, b, along)                              # a unit vector at a right angle to a, towards b
    return ((1 - t) * long_a + t * long_b) * (torch.cos(t * theta) * a + torch.sin(t * theta) * side)


def _ends(a: Tensor, b: Tensor, t: float | Tensor) -> tuple[Tensor, Tensor, Tensor | float]:
    a, b = (x if x.is_floating_point() else x.float() for x in (torch.as_tensor(a), torch.as_tensor(b)))
    if a.shape != b.shape or a.ndim == 0:
        raise ValueError(f"a and b must have one shape (..., dim), got {tuple(a.shape)} and {tuple(b.shape)}")
    if not isinstance(t, Tensor):
        return a, b, float(t)
    if t.ndim > 1:
        raise ValueError(f"t must be a number or have shape (m,), got {tuple(t.shape)}")
    return a, b, t.to(a) if t.ndim == 0 else t.to(a).view(-1, *[1] * a.ndim)


def _side_of(a: Tensor, b: Tensor, along: Tensor) -> Tensor:
    """Return the unit vector that is b with its part along a removed; for opposite ends, an axis so treated."""
    axis = torch.zeros_like(a).scatter_(-1, a.abs().argmin(-1, keepdim=True), 1.0)
    towards = torch.where(along < 16 * torch.finfo(a.dtype).eps, axis, b - a)
    rest = towards - (towards * a).sum(-1, keepdim=True) * a
    rest = rest - (rest * a).sum(-1, keepdim=True) * a        # once more: the first time leaves rounding errors
    return rest / rest.norm(dim=-1, keepdim=True).clamp_min(torch.finfo(a.dtype).tiny)


def directions(G: nn.Module, n: int = 10) -> Tensor:
    """Return the n directions in latent space that move G's first layer most, float32 unit rows (n, latent_dim).

    The first layer computes A z + b, with its BatchNorm (as in eval mode) folded into A. A step d changes it by
    |A d|, and of all unit vectors at right angles to each other the right singular vectors of A change it most, in
    their order. The coordinate of largest size is positive in each row, so that signs do not depend on the machine.
    Raises ValueError unless 1 <= n <= latent_dim, and for a G whose first layer is not linear.
    Source: Shen and Zhou, Closed-Form Factorization of Latent Semantics in GANs (2021), section 2.2.
    """
    A = _first_matrix(G)
    if not 1 <= whole("n", n) <= A.shape[1]:
        raise ValueError(f"n must be at most {A.shape[1]}, the size of G's latent space, got {n}")
    if min(A.shape) < n:
        raise ValueError(f"n must be at most {min(A.shape)}, the rank that G's first layer can have, got {n}")
    rows = torch.linalg.svd(A, full_matrices=False).Vh[:n]
    largest = rows.gather(1, rows.abs().argmax(1, keepdim=True))
    return (rows * largest.sign()).float()


def _first_matrix(G: nn.Module) -> Tensor:
    """Return A of the first layer A z + b, float64 on the CPU, rows scaled as the BatchNorm behind it does."""
    layers = [m for m in G.modules() if not list(m.children())]
    if not layers or not isinstance(layers[0], nn.Linear):
        first = type(layers[0]).__name__ if layers else "no layer"
        raise ValueError(f"directions needs a G whose first layer is nn.Linear, got {first}")
    A = layers[0].weight.detach().cpu().double()
    norm = layers[1] if len(layers) > 1 and isinstance(layers[1], nn.BatchNorm1d) else None
    if norm is None or norm.running_var is None:
        return A
    gain = torch.ones(len(A)) if norm.weight is None else norm.weight.detach().cpu()
    return A * (gain.double() / (norm.running_var.cpu().double() + norm.eps).sqrt()).unsqueeze(1)
