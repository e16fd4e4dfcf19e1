"""Surrogate networks as they are trained, on torch; ``estimators.surrogate.layers`` runs them."""

from itertools import pairwise

import torch
from torch import nn
from torch.nn import functional

from bolus.estimators.surrogate.config import SLOPE, SPAN, SPATIAL, STRIDE, SurrogateConfig


class Tower(nn.ModuleList):
    """Convolutions over time that halve the samples, (n, samples) → (n, features)."""

    def __init__(self, channels: tuple[int, ...]) -> None:
        super().__init__(
            nn.Conv1d(a, b, SPAN, stride=STRIDE, padding=1) for a, b in pairwise((1, *channels))
        )

    def forward(self, curves: torch.Tensor) -> torch.Tensor:
        """Features of every curve."""
        x = curves[:, None]
        for layer in self:
            x = functional.leaky_relu(layer(x), SLOPE)
        return x.flatten(1)


class CurveNetwork(nn.Module):
    """Two towers, for tissue and artery, and two affine maps."""

    def __init__(self, config: SurrogateConfig) -> None:
        super().__init__()
        self.curve, self.artery = Tower(config.tower), Tower(config.tower)
        self.dense = nn.Linear(2 * config.features, config.hidden)
        self.last = nn.Linear(config.hidden, len(config.quantities))

    def forward(self, curves: torch.Tensor, arteries: torch.Tensor) -> torch.Tensor:
        """Maps over their caps (n, maps) of curves and arterial inputs, (n, samples) each."""
        both = torch.cat([self.curve(curves), self.artery(arteries)], dim=1)
        return self.last(functional.leaky_relu(self.dense(both), SLOPE))


class SliceNetwork(nn.Module):
    """A tower for every voxel, and a U-Net over the slice."""

    def __init__(self, config: SurrogateConfig) -> None:
        super().__init__()
        self.curve = Tower(config.tower)
        self.dense = nn.Linear(config.features, config.hidden)
        self.down = nn.ModuleList(
            nn.Conv2d(a, b, SPATIAL, padding=SPATIAL // 2)
            for a, b in pairwise((config.hidden, *config.image))
        )
        self.up = nn.ModuleList(
            nn.Conv2d(above + below, above, SPATIAL, padding=SPATIAL // 2)
            for above, below in pairwise(config.image)
        )
        self.last = nn.Conv2d(config.image[0], len(config.quantities), 1)

    def forward(self, curves: torch.Tensor, brain: torch.Tensor) -> torch.Tensor:
        """Maps over their caps (b, maps, h, w) of the curves (n, samples) of ``brain`` (b, h, w).

        Outside the brain features are 0.
        """
        features = functional.leaky_relu(self.dense(self.curve(curves)), SLOPE)
        image = features.new_zeros((*brain.shape, features.shape[1]))
        image[brain] = features
        return self._unet(image.permute(0, 3, 1, 2))

    def _unet(self, x: torch.Tensor) -> torch.Tensor:
        kept: list[torch.Tensor] = []
        for level, layer in enumerate(self.down):
            seen = functional.avg_pool2d(x, 2) if level else x
            x = functional.leaky_relu(layer(seen), SLOPE)
            kept.append(x)
        for above in reversed(range(len(self.up))):
            wider = functional.interpolate(x, scale_factor=2.0, mode="nearest")
            joined = torch.cat([kept[above], wider], dim=1)
            x = functional.leaky_relu(self.up[above](joined), SLOPE)
        return self.last(x)


class Discriminator(nn.Module):
    """Whether patches of maps are the teacher's, beside the curves that they are of.

    Source: the patch discriminator of Isola et al., arXiv:1611.07004, with two strided layers as
    in Kossen's program; here without normalisation.
    """

    def __init__(self, config: SurrogateConfig) -> None:
        super().__init__()
        width = config.image[0]
        inputs = config.samples + len(config.quantities)
        self.layers = nn.Sequential(
            nn.Conv2d(inputs, width, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(width, 2 * width, 4, stride=2, padding=1),
            nn.LeakyReLU(SLOPE),
            nn.Conv2d(2 * width, 1, 3, padding=1),
        )

    def forward(self, seen: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
        """Logits of patches, of curves (b, samples, h, w) and maps (b, maps, h, w)."""
        return self.layers(torch.cat([seen, maps], dim=1))
