"""A leakage model of one's own: one frozen object and one entry."""

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from bolus import perfusion_maps
from bolus.data import Citation, LeakageCorrection, LeakageEstimate, Preparation
from bolus.data.codes import PRIVATE, Concept
from bolus.patient.leakage import MODELS as LEAKAGE_MODELS
from bolus.phantom import Leak, Realism, simulate_patient
from bolus.physics import RESIDUES, ForwardModel
from bolus.report.text.methods import methods_text
from bolus.testing import check_leakage_model


@dataclass(frozen=True)
class Bidirectional:
    """C ≈ K1·m − K2·∫ m(τ)·e^(−kep·(t−τ)) dτ by least squares: agent returns at one rate."""

    kep: float = 0.03  # 1/s

    # What the methods paragraph, the list of references and DICOM say of it.
    name: ClassVar[str] = "bidirectional"
    sentence: ClassVar[str] = "with exchange in both directions at one rate [leu]"
    citations: ClassVar = {
        "leu": Citation(
            "Leu K, Boxerman JL, Lai A, et al. Bidirectional contrast agent leakage correction of "
            "dynamic susceptibility contrast (DSC)-MRI improves cerebral blood volume estimation "
            "and survival prediction in recurrent glioblastoma treated with bevacizumab. J Magn "
            "Reson Imaging 2016;44:1229–1237.",
            "JMRI 2016;44:1229",
        )
    }
    code: ClassVar[Concept] = Concept(
        "leakage-bidir", PRIVATE, "Leakage correction, exchange at one rate"
    )

    def fit(self, problem):
        """K2 of every curve, and what leakage took off it."""
        m, one = problem.reference, np.ones(1)
        stay = one / self.kep
        trace = ForwardModel(m, problem.dt, RESIDUES["exponential"])(one, stay, 0 * one)[0]
        design = np.stack([m, -trace], axis=1)
        k2 = np.linalg.lstsq(design, problem.tissue.T.astype(float), rcond=None)[0][1]
        return LeakageEstimate(k2, k2[:, None] * trace)


# in the package: an entry in patient/leakage/models.py
LEAKAGE_MODELS["bidirectional"] = Bidirectional()

check_leakage_model(Bidirectional())  # the laws: signs, units, what the outputs say of it

# From here on it is a model like any other: maps, sidecars, page, DICOM, command line.
leak = Leak(ktrans=0.12, relaxivity=10.0, preload=0.1)
patient = simulate_patient(
    seed=4, snr=80, tumor="high", shape=(36, 36, 6), frames=50, realism=Realism(leak=leak)
)
tumor = patient.masks.tumor
model = Bidirectional(kep=0.02)  # a configured one, or its name for that in the dictionary
maps = perfusion_maps(
    patient.series,
    "osvd",
    regions={"tumor": tumor},
    preparation=Preparation(motion=None, leakage=LeakageCorrection(model=model)),
)

print(f"K2 in the tumour {np.nanmean(maps.volumes['k2'][tumor]):.3f} 1/s")
print(methods_text(maps).plain())
