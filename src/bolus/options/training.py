"""Options of a training as frozen objects: flags and an options file say the same."""

from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar

from bolus.base.options import option
from bolus.options.preparing import Motion


@dataclass(frozen=True, kw_only=True)
class Network:
    """Which network, from which weights."""

    panel: ClassVar[str] = "Network"

    preset: str = option(
        "phae",
        "--preset",
        metavar="NAME",
        help="phae: adapt it to the cohort's population, without labels; paper: train the "
        "published network on its reconstruction alone; spinned: learn deconvolution from "
        "simulation; temporal, gan, talebi: surrogates that learn the maps of the --target.",
    )
    target: str | None = option(
        None,
        "--target",
        metavar="METHOD",
        help="The method whose maps a surrogate learns, e.g. osvd.",
    )
    size: str | None = option(
        None,
        "--size",
        metavar="small|large",
        help="Size of a surrogate: small (if not given) is for two cores, large for a GPU or a "
        "night.",
    )
    start: Path | None = option(
        None,
        "--from",
        metavar="WEIGHTS",
        help="Weights to start from (phae: the shipped ones).",
    )
    seed: int = option(0, "--seed", metavar="N", help="Same seed, same weights.")


@dataclass(frozen=True, kw_only=True)
class Amount:
    """What and how much is trained on."""

    panel: ClassVar[str] = "Amount"

    epochs: int | None = option(
        None, "--epochs", metavar="N", help="Epochs; the preset's own if not given."
    )
    validation: float | None = option(
        None,
        "--validation",
        metavar="SHARE",
        help="Share of a cohort's patients that is held out; 0.2 if not given.",
    )
    voxels: int | None = option(
        None,
        "--voxels",
        metavar="N",
        help="At most this many voxels of each series (8192 if not given), or of each simulated "
        "patient.",
    )
    patients: int | None = option(
        None, "--patients", metavar="N", help="Simulated patients, without a cohort."
    )
    batch: int | None = option(
        None,
        "--batch",
        metavar="N",
        help="Voxels a batch of the paper presets (1536 if not given) and temporal (512), slices "
        "of gan and talebi (4).",
    )
    motion: Motion | None = option(
        None,
        "--motion",
        metavar="|".join(Motion),
        help="Head motion of a cohort, as in bolus maps; correct if not given.",
    )


@dataclass(frozen=True, kw_only=True)
class Keeping:
    """What of it is kept."""

    panel: ClassVar[str] = "Keeping"

    smoke: bool = option(
        False,
        "--smoke",
        help="Seconds in place of a training, to see that all parts work. The file says so, and "
        "no other command takes it.",
    )
    keep_worse: bool = option(
        False,
        "--keep-worse",
        help="Keep an adaptation that makes the standard benchmark worse, too.",
    )


@dataclass(frozen=True, kw_only=True)
class TrainOptions:
    """What weights depend on besides the cohort and the fields of the recipe."""

    network: Network = Network()
    amount: Amount = Amount()
    keeping: Keeping = Keeping()
