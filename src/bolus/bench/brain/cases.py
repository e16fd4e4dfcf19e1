"""What the whole brains of the benchmark are: populations, and one thing changed at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bolus.phantom import Ball, LateSide, Occlusion, Population, Realism, Stroke
from bolus.phantom.realism import PLAIN
from bolus.phantom.strokes import AGED

SNRS = (50.0, 20.0, 10.0)
REPETITIONS = (1.0, 2.5)
"""s: the other repetition times."""
DURATION, LONG = 90.0, 120.0
"""s of a scan; where blood comes late it is longer."""
DISPERSIONS = {"none": (0.0, 1e-9), "low": (0.25, 1.0), "high": (1.5, 3.0)}
"""s of exponential dispersion of the arterial input, from place to place in a brain.

A range without any width would draw no places, and so make another brain."""
LATER = (4.0, 6.0, 8.0, 10.0, 14.0, 20.0)
"""s by which a hemisphere is late."""
STEP = 1.75
"""Times that transit is longer in a late hemisphere …"""
FLOW = 0.6
"""… and flow lower."""
EDGE = LateSide(later=0.0, mtt=STEP, flow=FLOW, share=0.36)
"""A straight edge of MTT and CBF through one hemisphere; arrival is the same on both sides."""


@dataclass(frozen=True, kw_only=True)
class Kind:
    """People of one kind: what is said of them, their tissue, and their ``tumor`` if they have one.

    ``late`` says that blood comes late somewhere in their brain.
    """

    text: str
    realism: Realism = PLAIN
    tumor: str = "none"
    late: bool = False


KINDS: Mapping[str, Kind] = {
    "young": Kind(
        text="fast transit, early arrival",
        realism=Realism(
            population=Population(
                grey=(5.2, 3.6),
                white=(2.2, 4.0),
                mtt_spread=0.11,
                cbv_spread=0.15,
                arrival=0.8,
                shape=(1.45, 0.1),
            )
        ),
    ),
    "old": Kind(
        text="slow transit that varies much, late arrival, Fermi residues",
        realism=Realism(
            residue="fermi",
            population=Population(
                grey=(4.0, 5.4),
                white=(1.6, 6.2),
                mtt_spread=0.15,
                cbv_spread=0.18,
                arrival=1.6,
                arrival_spread=0.35,
                shape=(0.5, 1.0),
            ),
        ),
    ),
    "tumour": Kind(text="a high-grade glioma in the plain digital patient", tumor="high"),
    "occlusion": Kind(
        text="one carotid artery occluded, its territory up to 8 s late",
        realism=Realism(population=AGED, ischaemia=Occlusion()),
        late=True,
    ),
    "stroke": Kind(
        text="a middle cerebral artery just occluded: infarct core and penumbra",
        realism=Realism(population=AGED, ischaemia=Stroke()),
        late=True,
    ),
    "plain": Kind(text="the plain digital patient"),
}
POPULATIONS = ("young", "old", "tumour", "occlusion", "stroke")


@dataclass(frozen=True, kw_only=True)
class Case:
    """One kind of brain, scanned in one way; the default is the base case.

    ``tr`` in s; ``aif`` is the arterial input, 'true' or 'found'; ``dispersion`` a key of
    DISPERSIONS; ``side`` makes a part of the brain late or slow; ``lesions`` are put in.
    """

    population: str = "tumour"
    snr: float = 50.0
    tr: float = 1.5
    aif: str = "true"
    dispersion: str = "none"
    side: LateSide | None = None
    lesions: bool = True

    @property
    def frames(self) -> int:
        """Frames of the scan."""
        late = KINDS[self.population].late or self.side is not None
        return round((LONG if late else DURATION) / self.tr)

    def realism(self, balls: tuple[Ball, ...] = ()) -> Realism:
        """What the digital patient is made with."""
        own = KINDS[self.population].realism
        dispersion = DISPERSIONS[self.dispersion]
        return replace(own, balls=balls, late_side=self.side, dispersion=dispersion)


def by_population(
    snrs: Sequence[float] = SNRS, populations: Sequence[str] = POPULATIONS
) -> tuple[Case, ...]:
    """Every population at every SNR."""
    return tuple(Case(population=name, snr=snr) for snr in snrs for name in populations)


def one_at_a_time() -> tuple[Case, ...]:
    """The base case with one thing of the scan changed."""
    others = [replace(Case(), tr=tr) for tr in REPETITIONS]
    others += [replace(Case(), aif="found")]
    others += [replace(Case(), dispersion=name) for name in DISPERSIONS if name != "none"]
    return tuple(others)


def late_sides(later: Sequence[float] = LATER, snr: float = 50.0) -> tuple[Case, ...]:
    """A plain patient with one hemisphere late, slow and with less flow."""
    return tuple(
        Case(
            population="plain",
            snr=snr,
            side=LateSide(later=seconds, mtt=STEP, flow=FLOW),
            lesions=False,
        )
        for seconds in later
    )


def edges(snrs: Sequence[float] = SNRS) -> tuple[Case, ...]:
    """A plain patient with a straight edge of tissue."""
    return tuple(Case(population="plain", snr=snr, side=EDGE, lesions=False) for snr in snrs)


CASES = (*by_population(), *one_at_a_time(), *late_sides(), *edges())
"""All of the page."""
