"""What every test gets: no network beyond this machine, one torch thread, and a few small data sets. Helpers that only
one test file needs belong in that file.
"""

import os

os.environ.setdefault("OMP_NUM_THREADS", "1")   # before torch; for every kernel too: two of them share two cores
os.environ["GAN_EDU_PROGRESS"] = os.devnull     # no folder: what a test solves, its user has not solved

import importlib
import pkgutil
import signal
import socket

import pytest
import torch

import gan_edu.checks
from bad_server import BadServer
from gan_edu import data
from gan_edu.errors import DataError
from made_up import PACKED

torch.set_num_threads(1)
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:      # a shell's background job; its children would ignore Ctrl-C
    signal.signal(signal.SIGINT, signal.default_int_handler)
for found in pkgutil.iter_modules(gan_edu.checks.__path__):   # registered now, not into a register that a test puts up
    importlib.import_module(f"gan_edu.checks.{found.name}")


def pytest_xdist_auto_num_workers(config):
    """Return 2 for the whole suite, which fits a laptop's cores and memory; 0 (this process) where files are named."""
    return 2 if config.args == config.getini("testpaths") else 0


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Refuse every connection and every name look-up that would leave this machine, and take proxies away."""
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)
    connect, connect_ex, getaddrinfo = socket.socket.connect, socket.socket.connect_ex, socket.getaddrinfo

    def refuse_far(host):
        if host not in (None, "", "::1", "localhost") and not str(host).startswith("127."):
            raise ConnectionRefusedError(f"tests may not leave this machine, and this one asked for {host}")

    def guard(method):
        def guarded(self, address, *args):
            if isinstance(address, tuple):  # a local (Unix) socket has a path instead
                refuse_far(address[0])
            return method(self, address, *args)
        return guarded

    def look_up(host, *args, **kwargs):
        refuse_far(host.decode() if isinstance(host, bytes) else host)
        return getaddrinfo(host, *args, **kwargs)

    monkeypatch.setattr(socket.socket, "connect", guard(connect))
    monkeypatch.setattr(socket.socket, "connect_ex", guard(connect_ex))
    monkeypatch.setattr(socket, "getaddrinfo", look_up)


@pytest.fixture
def srv():
    """Serve the made-up image set in many wrong ways, as the first part of a path says."""
    with BadServer(PACKED) as server:
        yield server


@pytest.fixture
def tiny_images():
    """Return 130 seeded images 1 x 28 x 28 with labels 0 to 9 in turn: enough for two batches of 64 and a rest."""
    pixels = torch.randint(0, 256, (130, 1, 28, 28), dtype=torch.uint8, generator=torch.Generator().manual_seed(0))
    return data.ImageSet(pixels, torch.arange(130) % 10, "tiny")


@pytest.fixture(scope="session")
def digits():
    """Return the embedded digits, 1,500 images."""
    return data.load_images("digits")


@pytest.fixture(scope="session")
def mnist():
    """Return the real MNIST training set, or skip the test where it is not on this machine."""
    return _real_mnist("train")


@pytest.fixture(scope="session")
def mnist_test():
    """Return the real MNIST test set, or skip the test where it is not on this machine."""
    return _real_mnist("test")


def _real_mnist(split):
    try:
        return data.load_images("mnist", split=split, download=False)
    except DataError as error:
        pytest.skip(f"needs the real MNIST: {error}")
