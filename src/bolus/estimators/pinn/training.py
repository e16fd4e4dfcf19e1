"""The network and its training on one patient; the only module of the estimators with torch."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Float, Int

TILE = 14
"""Voxels along the sides of the squares that are trained on together; their neighbours are seen."""
LEAST_STEPS = 300
"""Steps of a few voxels, which would be few in as many epochs as of a slice."""
WAVES = 192
"""Random Fourier features of a place. With 48 of them, and steps and total variation of two to
three times the size, a head of six slices got one flow everywhere."""
DETAIL = 10.0
"""SD of their frequencies, cycles over the longest side of the grid."""


@dataclass(frozen=True, kw_only=True)
class Loss:
    """Weights of total variation and of the elastic net's two parts, and how long it is trained."""

    variation: float
    absolute: float
    squared: float
    epochs: int
    learning_rate: float
    hidden: int
    seed: int


@dataclass(frozen=True, eq=False)
class Measured:
    """A patient: ``curves`` (n, t), ``weight`` (n, t) and ``matrix`` (l, t), ``index`` (n, 3)."""

    curves: Float[np.ndarray, "n t"]
    weight: Float[np.ndarray, "n t"]
    matrix: Float[np.ndarray, "l t"]
    index: Int[np.ndarray, "n three"]
    shape: tuple[int, int, int]


class Field(torch.nn.Module):
    """The response at a place and a time: a perceptron of Fourier features of both."""

    def __init__(self, places: np.ndarray, times: int, hidden: int, seed: int) -> None:
        super().__init__()
        draw = torch.Generator().manual_seed(seed)
        waves = DETAIL * torch.randn(places.shape[1], WAVES, generator=draw)
        steps = torch.linspace(0, 1, times)[:, None] * torch.arange(1, 13)[None]
        self.register_buffer("waves", waves)
        turns = np.pi * steps
        self.register_buffer("time", torch.cat([torch.sin(turns), torch.cos(turns)], dim=1))
        self.place = _layer(2 * WAVES, hidden, draw)
        self.clock = _layer(24, hidden, draw)
        self.inner = torch.nn.ModuleList(_layer(hidden, hidden, draw) for _ in range(2))
        self.last = _layer(hidden, 1, draw)

    def forward(self, places: torch.Tensor) -> torch.Tensor:
        """Responses (n, l), 0 or more, at places (n, 3)."""
        turns = 2 * np.pi * places @ self.waves
        seen = self.place(torch.cat([torch.sin(turns), torch.cos(turns)], dim=1))
        x = torch.nn.functional.silu(seen[:, None] + self.clock(self.time)[None])
        for layer in self.inner:
            x = torch.nn.functional.silu(layer(x))
        return torch.nn.functional.softplus(self.last(x)[..., 0] - 1)


def _layer(fan_in: int, fan_out: int, draw: torch.Generator) -> torch.nn.Linear:
    layer = torch.nn.Linear(fan_in, fan_out)
    with torch.no_grad():
        layer.weight.copy_(torch.randn(fan_out, fan_in, generator=draw) * (1.5 / fan_in) ** 0.5)
        layer.bias.zero_()
    return layer


def responses(patient: Measured, loss: Loss) -> Float[np.ndarray, "n l"]:
    """Train on a patient, and say the response of every voxel, (n, l).

    Data: weighted mean squares of curve minus response @ matrix. Total variation: mean absolute
    difference between neighbours in space, at every time. Elastic net: mean response and mean of
    its square. Adam with half a cosine; a graphics card where there is one.
    """
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    places = patient.index / max(patient.shape)
    field = Field(places, len(patient.matrix), loss.hidden, loss.seed).to(device)
    data = [_tensor(part, device) for part in (places, patient.curves, patient.weight)]
    matrix = _tensor(patient.matrix, device)
    optimizer = torch.optim.Adam(field.parameters(), lr=loss.learning_rate)
    rng = np.random.default_rng(loss.seed)
    epochs = max(loss.epochs, -(-LEAST_STEPS // len(_groups(patient.index, np.zeros(2, int)))))
    for epoch in range(epochs):
        for group in optimizer.param_groups:
            group["lr"] = loss.learning_rate * 0.5 * (1 + np.cos(np.pi * epoch / epochs))
        for rows, pairs in _tiles(patient, rng):
            where, curves, weight = (part[rows] for part in data)
            k = field(where)
            misfit = (weight * (k @ matrix - curves).square()).mean()
            apart = k[pairs[0]] - k[pairs[1]]
            variation = apart.abs().mean() if len(pairs[0]) else 0.0
            total = misfit + loss.variation * variation
            total = total + loss.absolute * k.mean() + loss.squared * k.square().mean()
            optimizer.zero_grad(set_to_none=True)
            total.backward()
            optimizer.step()
    with torch.no_grad():
        parts = [field(part).cpu().numpy() for part in data[0].split(512)]
    return np.concatenate(parts).astype(float)


def _tiles(
    patient: Measured, rng: np.random.Generator
) -> Iterator[tuple[torch.Tensor, tuple[torch.Tensor, torch.Tensor]]]:
    """Voxels of squares of a slice in random order, and which of them are neighbours."""
    groups = _groups(patient.index, rng.integers(TILE, size=2))
    for number in rng.permutation(len(groups)):
        rows = groups[number]
        yield torch.as_tensor(rows), _neighbours(patient.index[rows])


def _groups(index: Int[np.ndarray, "n three"], shift: np.ndarray) -> list[np.ndarray]:
    """Rows of the voxels of every square."""
    tile = np.column_stack([(index[:, :2] + shift) // TILE, index[:, 2]])
    _, which = np.unique(tile, axis=0, return_inverse=True)
    order = np.argsort(which.ravel(), kind="stable")
    return np.split(order, np.flatnonzero(np.diff(which.ravel()[order])) + 1)


def _neighbours(index: Int[np.ndarray, "m three"]) -> tuple[torch.Tensor, torch.Tensor]:
    """Pairs of voxels of one slice that share a side."""
    low = index.min(axis=0)
    place = np.full(tuple(index.max(axis=0) - low + 2), -1)
    place[tuple((index - low).T)] = np.arange(len(index))
    pairs = []
    for axis in (0, 1):
        moved = index - low
        moved[:, axis] += 1
        other = place[tuple(moved.T)]
        there = other >= 0
        pairs.append(np.stack([np.flatnonzero(there), other[there]]))
    first, second = np.concatenate(pairs, axis=1)
    return torch.as_tensor(first), torch.as_tensor(second)


def _tensor(values: np.ndarray, device: torch.device) -> torch.Tensor:
    return torch.tensor(np.asarray(values, dtype=np.float32), device=device)
