"""How near the published network comes to the machine's own rate of multiplying matrices."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from bolus.base.parallel import cores
from bolus.base.progress import Steps
from bolus.bench.design import Design
from bolus.bench.stopwatch import seconds, timing_batch
from bolus.bench.trial import Methods, Work
from bolus.estimators.paper.config import PaperConfig
from bolus.estimators.paper.inference import estimate_mtt, load_encoder, operations
from bolus.estimators.phae import PhaePaper, shipped_weights

SIDE = 2048
VOXELS, FRAMES, REPEATS = 6144, 60, 5


@dataclass(frozen=True, kw_only=True)
class SgemmRow:
    """Single-precision rates in 10⁹ operations a second on ``threads`` threads.

    ``product`` multiplies two square matrices, ``network`` is the encoder of ``phae-paper`` alone;
    both are the fastest of REPEATS calls, taken in turn. ``ratio`` is the network's over the
    product's, ``voxels_per_second`` what it means.
    """

    threads: int
    product: float
    network: float
    ratio: float
    voxels_per_second: float


def sgemm(design: Design, methods: Methods) -> Work[SgemmRow]:
    """The rates, where ``phae-paper`` is among the methods."""
    if not any(isinstance(m, PhaePaper) for m in methods.values()):
        return Work(0, lambda steps: ())

    def rows(steps: Steps) -> tuple[SgemmRow, ...]:
        steps("rate of matrix products")
        return (_measured(design.seed),)

    return Work(1, rows)


def _measured(seed: int) -> SgemmRow:
    weights = shipped_weights("phae-paper")
    encoder = load_encoder(weights)
    batch = timing_batch(VOXELS, FRAMES, seed)
    curves, peak = batch.tissue.astype(np.float32), float(batch.aif.max())
    square = np.random.default_rng(seed).random((SIDE, SIDE), dtype=np.float32)
    calls: tuple[Callable[[], object], ...] = (
        lambda: square @ square,
        lambda: estimate_mtt(encoder, curves, batch.aif, peak),
    )
    for call in calls:
        call()
    taken = zip(*([seconds(call) for call in calls] for _ in range(REPEATS)), strict=True)
    product, estimate = map(min, taken)
    work = VOXELS * operations(PaperConfig.from_dict(weights.config), FRAMES)
    rate, own = 2e-9 * SIDE**3 / product, 1e-9 * work / estimate
    return SgemmRow(
        threads=cores(),
        product=rate,
        network=own,
        ratio=own / rate,
        voxels_per_second=VOXELS / estimate,
    )
