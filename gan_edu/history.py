"""What a run has measured so far, one value a step. Reading and drawing it belong elsewhere."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor


class History(Mapping):
    """Hold one value a step for each name: history["loss_D"] is a float32 array (N,).

    loss_D, loss_G: what the players minimised (of the k steps of D, the last). grad_D, grad_G: the norms of their
    gradients. D_real, D_fake: mean D(x) and mean D(G(z)) in D's last step. stopped: None, or why the run ended early.
    """

    def __init__(self) -> None:
        self._rows: list[Tensor] = []
        self._table = np.empty((0, 0), dtype=np.float32)
        self.names: list[str] = []
        self.stopped: str | None = None

    def __getitem__(self, name: str) -> np.ndarray:
        self._read()
        if name not in self.names:
            raise KeyError(f"{name}; this run has {', '.join(self.names) or 'no step yet'}")
        return self._table[:, self.names.index(name)]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __len__(self) -> int:
        return len(self.names)

    @property
    def steps(self) -> int:
        return len(self._table) + len(self._rows)

    def record(self, values: Mapping[str, Tensor]) -> None:
        """Append one step. The values stay on their device until somebody reads them."""
        self.names = self.names or list(values)
        self._rows.append(torch.stack([values[name].detach().float() for name in self.names]))      # their order may differ
        if len(self._rows) >= 1000:
            self._read()

    def _read(self) -> None:
        if self._rows:
            rows = torch.stack(self._rows).cpu().numpy()
            self._table, self._rows = np.concatenate([self._table.reshape(-1, len(self.names)), rows]), []

    def state_dict(self) -> dict:
        self._read()
        return {"names": list(self.names), "table": torch.from_numpy(self._table.copy())}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        self.names, self._rows, self._table = list(state["names"]), [], state["table"].numpy().copy()
