"""What a benchmark found, and its plain form."""

import platform
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from importlib.metadata import version
from typing import Any

from bolus.base.json import plain
from bolus.bench.design import Design
from bolus.bench.limit import LIMIT
from bolus.bench.score import FLOOR, LEVEL
from bolus.bench.speed import Speed
from bolus.bench.statistics import RESAMPLES, AccuracyRow


@dataclass(frozen=True, kw_only=True, eq=False)
class Benchmark:
    """Rows of accuracy, over all repetition times first, and speed (None when not measured).

    ``further`` are the rows of the tables in ``bench.run.PARTS`` that were measured.
    """

    design: Design
    methods: tuple[str, ...]
    accuracy: tuple[AccuracyRow, ...]
    speed: Speed | None
    further: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)

    @property
    def pooled(self) -> tuple[AccuracyRow, ...]:
        """The rows over all repetition times."""
        return tuple(r for r in self.accuracy if r.dt is None)

    def row(self, method: str, snr: float, dt: float | None = None) -> AccuracyRow:
        """The row of a method, or of 'limit', at an SNR and repetition time (None: all of them).

        Raises KeyError when there is no such row.
        """
        for r in self.accuracy:
            if (r.method, r.snr, r.dt) == (method, snr, dt):
                return r
        raise KeyError((method, snr, dt))

    def as_json(self) -> dict[str, object]:
        """Plain dictionary: seed, versions, settings and rows; None for what does not exist."""
        whole = {
            "seed": self.design.seed,
            "versions": versions(),
            "settings": self._settings(),
            "accuracy": [asdict(r) for r in self.accuracy],
            **{name: [asdict(r) for r in rows] for name, rows in self.further.items()},
            "speed": None if self.speed is None else asdict(self.speed),
        }
        return {key: plain(value, nan_as_none=True) for key, value in whole.items()}

    def _settings(self) -> dict[str, object]:
        design = self.design
        own = {f.name: getattr(design, f.name) for f in fields(design) if f.name != "prior"}
        prior = design.prior
        families = {
            name: {"residue": type(residue).__name__.lower(), "shape": shape}
            for name, (residue, shape) in prior.families.items()
        }
        return {
            **own,
            "inputs_per_dt": design.inputs,
            "curves_per_input": design.curves_per_input,
            "prior": {"mtt_s": prior.mtt, "delay_s": prior.delay, "cbv_ml_per_100g": prior.cbv},
            "families": families,
            "methods": self.methods,
            "noise_sd_given_to_methods": "SD of each curve's own baseline frames",
            "limit": f"'{LIMIT}' rows: posterior median, own prior, true noise of every sample",
            "floor": FLOOR,
            "interval_level": LEVEL,
            "bootstrap_resamples": RESAMPLES,
        }


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    found = {name: version(name) for name in ("bolus", "numpy", "scipy")}
    return {**found, "python": platform.python_version()}
