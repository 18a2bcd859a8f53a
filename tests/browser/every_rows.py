"""The table of tests/browser/test_every_explorer.py: how each explorer is made, what is moved there, what must follow.

Test help only. An exported explorer without a row fails a test.
"""

from dataclasses import dataclass

SETUP = """import torch
from torch import nn
from IPython.display import display
from gan_edu import metrics_toys, museum, widgets
from gan_edu.data import load_images
from gan_edu.games_paired import SRGAN, Pix2Pix
from gan_edu.games_unpaired import CycleGAN
from gan_edu.networks import ConditionalGenerator, DCGANDiscriminator, DCGANGenerator
from gan_edu.translators import PatchDiscriminator, SuperResolutionGenerator, UNet
from gan_edu.translators_resnet import ResNetTranslator
from gan_edu.widgets import game_scene
torch.set_num_threads(1)
game_scene.JUDGED, metrics_toys.DRAWS = 50, 4      # rough floors, made quickly
class Convolutional(nn.Module):                    # the page cannot run it
    latent_dim = 4
    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Unflatten(1, (1, 2, 2)), nn.ConvTranspose2d(1, 1, 3), nn.Tanh())
    def forward(self, z):
        return self.net(z)
torch.manual_seed(0)
def pix2pix():
    return Pix2Pix(UNet(width=2), PatchDiscriminator(width=2))
def srgan():
    return SRGAN(SuperResolutionGenerator(width=2, blocks=1), DCGANDiscriminator(width=2, norm="none"))
def cyclegan():
    return CycleGAN([ResNetTranslator(width=2, blocks=1) for _ in "ab"], [PatchDiscriminator(inputs=0, width=2) for _ in "ab"])
shown = {}
def twice(name, explorer):
    shown[name], picture = explorer, explorer.png()
    explorer.png = lambda: picture                 # drawn once for both
    display(explorer)
    display(explorer)"""


@dataclass(frozen=True)
class Row:
    """make: Python. control: the label of what is moved (slider, handle, select, choice), or JavaScript, (root, share) => ...

    asks: whether a moved control asks the kernel, so that its picture cannot change without one.
    """

    explorer: str
    control: str
    arguments: str = ""
    asks: bool = False

    @property
    def make(self) -> str:
        return f"widgets.{self.explorer}({self.arguments})"


# the matrix's first cell or its last
CELL = """(root, share) => { const all = root.querySelectorAll('table button'); all[share > 0.5 ? all.length - 1 : 0].click(); }"""

# "Start again", then one image judged
JUDGE = """(root, share) => { const press = (words) => [...root.querySelectorAll('button')].find((b) => b.textContent.includes(words)).click();
    press('Start again'); press(share > 0.5 ? 'Real' : 'Forged'); }"""

ROWS = {
    "latent": Row("LatentExplorer", "direction 1"),
    "latent, in Python": Row("LatentExplorer", "its value", "Convolutional()", asks=True),
    "density": Row("DensityExplorer", "p(y = 1)"),
    "value": Row("ValueExplorer", "D at x = 2.0"),
    "discriminator": Row("DiscriminatorExplorer", "confidence"),
    "gradient": Row("GradientExplorer", "confidence"),
    "arena": Row("Arena", JUDGE, "real=load_images('digits'), n=20"),
    "run": Row("RunExplorer", "training time"),
    "game": Row("GameExplorer", "width", "width=16, batch_size=32", asks=True),
    "shapes": Row("ShapeExplorer", "kernel"),
    "batchnorm": Row("BatchNormExplorer", "companions", "DCGANGenerator(6, width=4)"),
    "features": Row("FeatureMapExplorer", "along the sweep", "DCGANGenerator(6, width=4)"),
    "transport": Row("TransportExplorer", "shift of q"),
    "penalty": Row("PenaltyExplorer", "how hard"),
    "condition": Row("ConditionExplorer", "direction 1", "ConditionalGenerator(6, width=5)"),
    "confusion": Row("ConfusionExplorer", CELL, "[0, 0, 1, 1, 1, 2], [0, 1, 2, 2, 1, 2], classes=3"),
    "edge": Row("EdgeExplorer", "from L1 to GAN", "pix2pix(), pix2pix()"),
    "lens": Row("LensExplorer", "digit", "{'l2': srgan(), 'gan': srgan()}"),
    "cycle": Row("CycleExplorer", "digit", "cyclegan()"),
    "museum": Row("MuseumExplorer", "exhibit", "museum.exhibits()[:2]"),
    "k": Row("KExplorer", "budget"),
    "dirac": Row("DiracExplorer", "γ"),
    "failures": Row("FailureExplorer", "time"),
    "parzen": Row("ParzenExplorer", "σ"),
    "frechet": Row("FrechetExplorer", "shift"),
    "coverage": Row("PrecisionRecallExplorer", "spread"),
}
