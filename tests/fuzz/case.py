"""One mutation: what is changed, and whether maps may come of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

Rng = np.random.Generator


@dataclass(frozen=True)
class Written:
    """A mutated input on disk.

    ``nonsense`` says why no map may come of it, empty where the input may be right; ``moving``
    asks for motion correction, which geometry can break.
    """

    path: Path
    change: str
    nonsense: str = ""
    moving: bool = False
    options: Mapping[str, object] | None = None


Mutate = Callable[[Path, Rng], Written]


def one_of(rng: Rng, values: object) -> object:
    """One of some values, each as likely."""
    chosen = list(values)
    return chosen[int(rng.integers(len(chosen)))]
