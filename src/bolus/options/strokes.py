"""Volumes of an acute stroke."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from bolus.base.options import option

if TYPE_CHECKING:
    from bolus.data import StrokeThresholds


@dataclass(frozen=True, kw_only=True)
class Strokes:
    """Volumes of an acute stroke."""

    panel: ClassVar[str] = "Stroke"

    stroke: bool = option(
        False,
        "--stroke",
        help="Volumes of late tissue, low flow and their mismatch, each with its interval. "
        "So, too, where --adc or --dwi is given.",
    )
    adc: Path | None = option(
        None,
        "--adc",
        metavar="FILE",
        help="Map of the apparent diffusion coefficient: NIfTI on any grid, put on the series' "
        "by place. Adds the volume of the infarct core.",
    )
    dwi: Path | None = option(
        None,
        "--dwi",
        metavar="FILE",
        help="In place of --adc: diffusion-weighted images, NIfTI with four axes and its "
        "b-values in .bval beside it (as dcm2niix writes). They are registered to the series "
        "and the map is made of them.",
    )
    late: str = option(
        "4,6,8,10",
        "--late",
        metavar="S,S,...",
        listed=True,
        help="With --stroke, --adc or --dwi: Tmax above which volumes are counted.",
    )
    low_flow: str = option(
        "20,30,38",
        "--low-flow",
        metavar="%,%,...",
        listed=True,
        help="With --stroke, --adc or --dwi: percent of normal CBF below which volumes are "
        "counted.",
    )
    critical: float = option(
        6.0,
        "--critical",
        metavar="S",
        help="With --stroke, --adc or --dwi: Tmax of the mismatch; one of --late.",
    )
    core_adc: float = option(
        620.0,
        "--core-adc",
        metavar="UM2/S",
        help="With --adc: ADC in 1e-6 mm2/s below which is the core.",
    )
    cluster: float = option(
        3.0,
        "--cluster",
        metavar="ML",
        help="With --stroke, --adc or --dwi: smaller clusters are left out.",
    )

    def thresholds(self) -> "StrokeThresholds | None":
        """As the package takes them; None where no volumes are asked for. Raises InputError."""
        from bolus.data import StrokeThresholds

        late, low_flow = (_numbers(text) for text in (self.late, self.low_flow))
        usual = StrokeThresholds()
        made = StrokeThresholds(
            late=late,
            low_flow=low_flow,
            critical=self.critical,
            severe=usual.severe if usual.severe in late else max(late),
            core_flow=usual.core_flow if usual.core_flow in low_flow else max(low_flow),
            adc=1e-6 * self.core_adc,
            cluster=self.cluster,
        )
        given = self.adc is not None or self.dwi is not None
        return made if self.stroke or given else None

    @classmethod
    def of(cls, thresholds: "StrokeThresholds | None") -> "Strokes":
        """The options that make thresholds; the map of diffusion is not among them."""
        if thresholds is None:
            return cls()
        return cls(
            stroke=True,
            late=_text(thresholds.late),
            low_flow=_text(thresholds.low_flow),
            critical=thresholds.critical,
            core_adc=float(f"{1e6 * thresholds.adc:.12g}"),
            cluster=thresholds.cluster,
        )


def _text(numbers: Iterable[float]) -> str:
    return ",".join(f"{number:.12g}" for number in numbers)


def _numbers(text: str) -> tuple[float, ...]:
    """Numbers with commas between them. Raises InputError."""
    from bolus.data import InputError

    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"numbers like 4,6,8,10 are expected, found '{text}'") from error
