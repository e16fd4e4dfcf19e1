"""A small task for the loop; run as a script it trains as one of several processes.

The script then does a command of ``bolus``, as torchrun would run it, for two such processes take
long to start.
"""

import os
import sys
import weakref
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
from torch import distributed

from bolus.estimators.phae import Weights


class Toy:
    """A straight line through noisy points, with normalised inputs and a running mean."""

    def __init__(self, seed=0, rows=12, batches=5, losses=None):
        torch.manual_seed(seed)
        self.module = torch.nn.Sequential(
            torch.nn.Linear(3, 4), torch.nn.Tanh(), torch.nn.Linear(4, 1)
        ).double()
        self.module.register_buffer("seen", torch.zeros((), dtype=torch.int64))
        self.seed, self.rows, self.number, self.losses = seed, rows, batches, losses

    def _data(self, key, rows):
        rng = np.random.default_rng(key)
        x = rng.standard_normal((rows, 3))
        return torch.from_numpy(x), torch.from_numpy(x @ [1.0, -2.0, 0.5] + 0.1)

    def steps(self):
        return self.number

    def batches(self, epoch, rank, world):
        for number in range(self.number):
            x, y = self._data([self.seed, epoch, number], self.rows)
            yield x[rank::world], y[rank::world]

    def loss(self, batch):
        x, y = batch
        if self.module.training:
            self.module.seen += 1
        return (self.module(x)[:, 0] - y).square().mean()

    def validate(self):
        if self.losses is not None:
            self.losses, first = self.losses[1:], self.losses[0]
            return first
        with torch.no_grad():
            return float(self.loss(self._data([99], 50)))

    def weights(self, provenance):
        state = {k: v.float().numpy() for k, v in self.module.state_dict().items()}
        return Weights("phae", state, {}, provenance)


def main(folder, port, *command):
    from bolus import cli
    from bolus.data import Unmixing
    from bolus.data.options import UNTOUCHED
    from bolus.learning import Sample
    from bolus.learning.loop import fit
    from bolus.learning.processes import joined
    from bolus.learning.recipe import Recipe

    torch.set_num_threads(1)
    task = Toy()
    with joined() as group:
        left = weakref.ref(distributed.group.WORLD)
        fit(task, Recipe(epochs=3, lr=0.05, batch=12, schedule="cosine"), Path(folder))
    assert group.world == 2
    assert left() is None, "the group, and so its threads, are still there"
    os.environ["MASTER_PORT"] = port
    bare = replace(UNTOUCHED, unmixing=Unmixing(use=False))
    Sample.prepared = lambda sample: bare  # as where the test trains alone
    cli.main(list(command))


if __name__ == "__main__":
    main(*sys.argv[1:])
