"""Sizes and choices of the training of surrogate networks."""

from dataclasses import dataclass

from bolus.data import InputError

SIZES = ("small", "large")


@dataclass(frozen=True, kw_only=True)
class SurrogateRecipe:
    """How a surrogate is trained; ``batch`` are voxels for 'temporal', else slices.

    ``tower`` channels of the convolutions over time, ``hidden`` numbers of a voxel, ``image``
    channels of the U-Net's levels, as in SurrogateConfig, and so are ``step``, ``before`` and
    ``samples``. ``fidelity`` is the weight of the mean absolute error beside the adversarial loss
    (pix2pix: 100). After ``patience`` epochs without a lower error on patients held out training
    stops; 'gan' does not, for the rival makes that error go up and down.

    Raises InputError for numbers that make no training.
    """

    epochs: int
    batch: int
    learning_rate: float
    tower: tuple[int, ...]
    hidden: int
    image: tuple[int, ...] = ()
    step: float = 1.5
    before: float = 12.0
    samples: int = 48
    fidelity: float = 100.0
    patience: int = 10

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch < 1 or self.patience < 1:
            raise InputError("epochs, batch and patience are 1 or more")
        if not (self.learning_rate > 0 and self.fidelity > 0):
            raise InputError("learning rate and fidelity are positive")


RECIPES = {
    ("temporal", "small"): SurrogateRecipe(
        epochs=20, batch=512, learning_rate=1e-3, tower=(16, 32, 32), hidden=128
    ),
    ("temporal", "large"): SurrogateRecipe(
        epochs=100, batch=512, learning_rate=3e-4, tower=(32, 64, 128), hidden=512
    ),
    ("gan", "small"): SurrogateRecipe(
        epochs=40,
        batch=4,
        learning_rate=5e-4,
        tower=(8, 16, 16),
        hidden=16,
        image=(16, 32, 64),
        patience=40,
    ),
    ("gan", "large"): SurrogateRecipe(
        epochs=100,
        batch=4,
        learning_rate=1e-4,
        tower=(64, 128, 256),
        hidden=256,
        image=(64, 128, 256, 512),
        patience=100,
    ),
    ("talebi", "small"): SurrogateRecipe(
        epochs=40, batch=4, learning_rate=1e-3, tower=(8, 16, 16), hidden=16, image=(16, 32, 64)
    ),
    ("talebi", "large"): SurrogateRecipe(
        epochs=100,
        batch=4,
        learning_rate=3e-4,
        tower=(32, 64, 128),
        hidden=64,
        image=(64, 128, 256, 512),
    ),
}
"""Preset and size → recipe. The small ones are meant for two cores, the large ones for a GPU or
a night; of the publications' sizes docs/methods.md says what is known."""


def recipe_of(kind: str, size: str) -> SurrogateRecipe:
    """The recipe of a preset in a size. Raises InputError."""
    if size not in SIZES:
        raise InputError(f"the size is one of {', '.join(SIZES)}, found '{size}'")
    return RECIPES[kind, size]
