"""GradientExplorer: the same fakes under two losses, their arrows at true length, and a D with a head start.

Here are its state, the D's that are trained for it, its reference numbers (autograd) and its static twin; the drawing
is gradient.js.
"""

from functools import cache
from typing import Any

import numpy as np
import torch
import traitlets
from torch import Tensor, nn

from gan_edu import plots, theory
from gan_edu.networks import MLPDiscriminator, seeded
from gan_edu.objectives import OBJECTIVES
from gan_edu.widgets.base import Explorer
from gan_edu.widgets.density import Number

HEAD_STARTS = (0, 5, 10, 15, 20, 30, 40, 70, 100, 200, 400)   # steps of D before G moves at all
DATA_MEAN, FAKE_MEAN, STD = 2.0, -2.0, 0.7                 # the D's are trained on N(2, .7^2) against N(-2, .7^2)
WIDTH, BATCH, RATE = 24, 128, 5e-3
NOISE = (-1.4, -0.9, -0.55, -0.25, 0.0, 0.25, 0.55, 0.9, 1.4)   # the z of the fakes: G(z) = mean + .7 z
STRIDE = 0.49                                              # an arrow is .49 (= .7^2) times the gradient, for every loss
LOSSES = {"minimax": "log(1 − D)", "non_saturating": "−log D", "least_squares": "½(l − 1)²"}


@cache
def trained_judges(seed: int = 0) -> dict[int, MLPDiscriminator]:
    """Return one D for each head start, trained on N(2, .7^2) against the fakes N(-2, .7^2) of a G that waits.

    Networks 1-24-24-1, Adam at 5e-3, minibatches of 128 fresh samples each; about two seconds, once a kernel.
    """
    with seeded(seed):
        D = MLPDiscriminator(shape=(1,), hidden=(WIDTH, WIDTH))
    optimizer = torch.optim.Adam(D.parameters(), lr=RATE)
    generator = torch.Generator().manual_seed(seed)
    found = {}
    for step in range(HEAD_STARTS[-1] + 1):
        if step in HEAD_STARTS:
            found[step] = _copy(D)
        x = torch.randn(2, BATCH, 1, generator=generator) * STD
        loss = OBJECTIVES["minimax"].discriminator(D(x[0] + DATA_MEAN), D(x[1] + FAKE_MEAN))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return found


def _copy(D: MLPDiscriminator) -> MLPDiscriminator:
    twin = MLPDiscriminator(**{**D.config, "shape": tuple(D.config["shape"])})
    twin.load_state_dict(D.state_dict())
    return twin.requires_grad_(False).eval()


def _numbers(D: nn.Module) -> np.ndarray:
    """All weights of D in one float32 array, layer by layer: W (rows, columns), then b."""
    return np.concatenate([p.detach().numpy().ravel() for p in D.parameters()]).astype("<f4")


class GradientExplorer(Explorer, js=["density.js", "gradient.js"]):
    """Show where G is sent by log(1 - D) and by -log D at the same fakes, and how far.

    head_start: steps that D was trained before G moves, one of `starts`. judge: "trained" for that D, "best" for D* of
    the data and the fakes where they are now. confidence: D's logit is multiplied by it, 0 to 4. fake_mean: G(z) =
    fake_mean + .7 z, -5 to 5. least_squares: show that loss too. TraitError outside these.
    """

    starts = traitlets.Tuple(HEAD_STARTS).tag(sync=True)
    head_start = traitlets.Int(100).tag(sync=True)
    judge = traitlets.Enum(["trained", "best"], default_value="trained").tag(sync=True)
    confidence = Number(1.0, 0.0, 4.0)
    fake_mean = Number(FAKE_MEAN, -5.0, 5.0)
    least_squares = traitlets.Bool(False).tag(sync=True)
    noise = traitlets.Tuple(NOISE).tag(sync=True)
    setting = traitlets.Dict({"data_mean": DATA_MEAN, "std": STD, "width": WIDTH, "stride": STRIDE}).tag(sync=True)
    weights = traitlets.Bytes().tag(sync=True)

    @traitlets.default("weights")
    def _weights(self) -> bytes:
        return b"".join(_numbers(D).tobytes() for D in trained_judges().values())

    @traitlets.validate("head_start")
    def _one_of_the_starts(self, proposal: dict[str, Any]) -> int:
        if proposal["value"] not in HEAD_STARTS:
            raise traitlets.TraitError(f"head_start must be one of {HEAD_STARTS}, got {proposal['value']}")
        return proposal["value"]

    def logits(self, x: Tensor) -> Tensor:
        """Return D's logits at x (n, 1), with a graph to x, times `confidence`."""
        if self.judge == "trained":
            return self.confidence * trained_judges()[self.head_start](x)
        return self.confidence * (_log_normal(x, DATA_MEAN) - _log_normal(x, self.fake_mean))

    def gradients(self, loss: str) -> dict[str, np.ndarray | float]:
        """Return what autograd says for one loss of `LOSSES` at the fakes: x, logit, D, d_logit, arrow (n,), norm.

        d_logit: derivative of the loss of one fake by its logit. arrow: minus its derivative by x, the way the fake
        is sent. norm: length of the gradient of the mean loss by G's two parameters, mean and width.
        """
        z = torch.tensor(NOISE, dtype=torch.float64)[:, None]
        parameters = torch.tensor([self.fake_mean, STD], dtype=torch.float64, requires_grad=True)
        x = parameters[0] + parameters[1] * z
        logits = self.logits(x.float()).double() if self.judge == "trained" else self.logits(x)
        value = OBJECTIVES[loss].generator(logits)
        d_logit, d_x, d_parameters = torch.autograd.grad(value, (logits, x, parameters))
        n = len(NOISE)
        arrays = {"x": x, "logit": logits, "D": logits.sigmoid(), "d_logit": n * d_logit, "arrow": -n * d_x}
        return {k: v.detach().numpy().ravel() for k, v in arrays.items()} | {"norm": float(d_parameters.norm())}

    def readouts(self) -> dict[str, float]:
        """Return the numbers on the figure, by autograd: D (mean over the fakes), ratio at the middle fake, and

        for each loss its mean arrow (absolute) and the norm of G's gradient: arrow_minimax, norm_minimax, ...
        """
        found = {name: self.gradients(name) for name in LOSSES}
        middle = found["minimax"]["d_logit"][len(NOISE) // 2], found["non_saturating"]["d_logit"][len(NOISE) // 2]
        means = {f"arrow_{name}": float(np.abs(g["arrow"]).mean()) for name, g in found.items()}
        return {"D": float(found["minimax"]["D"].mean()), "ratio": float(middle[1] / middle[0])} | means | {
            f"norm_{name}": g["norm"] for name, g in found.items()}

    def figure(self) -> Any:
        """Return the static twin: densities and D, the arrows, and the two gradients over the logit."""
        fig, (left, middle, right) = plots.figure(11.0, 3.3, columns=3)
        x = np.linspace(-6, 6, 481)
        with torch.no_grad():
            logits = self.logits(torch.tensor(x, dtype=torch.float32)[:, None]).double().numpy().ravel()
        D = 1 / (1 + np.exp(-logits))
        p, q = theory.gaussian(x, DATA_MEAN, STD), theory.gaussian(x, self.fake_mean, STD)
        plots.curves(x, {"data": p, "generated": q, "D(x)": D}, colors={"D(x)": "discriminator"}, xlabel="x",
                     ylabel="density; D(x)", title=self._judge_in_words(), ax=left)
        self._draw_arrows(middle)
        self._draw_microscope(right)
        return fig

    def _shown(self) -> list[str]:
        return [name for name in LOSSES if name != "least_squares" or self.least_squares]

    def _draw_arrows(self, ax: Any) -> None:
        shown = self._shown()
        for band, name in enumerate(shown):
            g = self.gradients(name)
            y = -band - np.linspace(0.15, 0.85, len(NOISE))
            ax.plot(g["x"], y, "o", color=plots.COLORS["generated"], markersize=3)
            ax.quiver(g["x"], y, STRIDE * g["arrow"], 0 * y, angles="xy", scale_units="xy", scale=1, width=0.005,
                      color=plots.INK, minlength=0)
        plots.style(ax, xlabel="x", title=f"where each fake is sent ({STRIDE:g} x gradient)")
        ax.set(xlim=(-6, 6), ylim=(-len(shown), 0), yticks=[-band - 0.5 for band in range(len(shown))])
        ax.set_yticklabels([LOSSES[name] for name in shown])

    def _draw_microscope(self, ax: Any) -> None:
        l = np.linspace(-20, 20, 401)
        lines = {"log(1 − D): D": 1 / (1 + np.exp(-l)), "−log D: 1 − D": 1 / (1 + np.exp(l))}
        plots.curves(l, lines, xlabel="logit of a fake", ylabel="|dloss / dlogit|", title="the gradient at the logit",
                     colors={"log(1 − D): D": plots.INK, "−log D: 1 − D": "discriminator"}, ax=ax)
        for name in ("minimax", "non_saturating"):
            g = self.gradients(name)
            ax.plot(g["logit"], np.abs(g["d_logit"]), "o", color=plots.COLORS["generated"], markersize=4)
        ax.set(yscale="log", ylim=(1e-9, 5))

    def _judge_in_words(self) -> str:
        who = f"D, {self.head_start} steps ahead" if self.judge == "trained" else "D*"
        return who if self.confidence == 1 else f"{who}, logit x {self.confidence:g}"

    def describe(self) -> str:
        """Return the figure in words."""
        r = self.readouts()
        return (f"Nine fakes and the arrows of two losses. {self._judge_in_words()}: mean D(G(z)) = {r['D']:.1e}, mean "
                f"arrow of log(1 - D) {r['arrow_minimax']:.1e}, of -log D {r['arrow_non_saturating']:.1e} per unit of "
                f"x; at the middle fake the second is {r['ratio']:.3g} times the first.")

    def __repr__(self) -> str:
        return (f"GradientExplorer(judge={self.judge!r}, head_start={self.head_start}, confidence={self.confidence:g}, "
                f"fake_mean={self.fake_mean:g})")


def _log_normal(x: Tensor, mean: float) -> Tensor:
    return -0.5 * ((x - mean) / STD) ** 2       # without the constant, which cancels in a ratio of equal widths
