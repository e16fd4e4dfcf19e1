"""The study as one page that needs nothing else."""

import base64
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bolus.base.about import NOTICE
from bolus.grading.cutoff import map_name
from bolus.patient.leakage import find_leakage_model
from bolus.report.text.layout import Layout
from bolus.study.settings import StudySettings, snr_name

FIGURES = {
    "figure-maps": (
        "Figure 3. CBF and MTT",
        "The patient of each grade whose ratio by the first method is the median of the grade, "
        "without added noise; the slice with most tumour. Each row has one scale.",
    ),
    "figure-grading": (
        "Figure 4. The ratio by grade",
        "Every patient, without added noise. Boxes: quartiles. Hollow triangles: tumours of WHO "
        "grade 3, where participants.tsv gives grades.",
    ),
    "figure-roc": (
        "ROC curves",
        "Every method, without added noise; points: the cut-offs of Table 1. Dotted: a guess.",
    ),
    "figure-noise": (
        "Figure 5. AUC against noise",
        "Bands: 95 % by stratified bootstrap of patients; all methods see the same patients.",
    ),
}
"""Name of a file → title and note."""


@dataclass(frozen=True, kw_only=True)
class PageFigure:
    """A picture with its words; ``png`` is base64."""

    title: str
    note: str
    png: str


def study_page(
    *,
    cohort: str,
    lead: str,
    skipped: Sequence[str],
    tables: Sequence[Layout],
    folder: Path,
    methods: str,
    facts: Mapping[str, str],
) -> str:
    """HTML of the study whose figures lie in ``folder``; every text is escaped."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("bolus.study", "."), autoescape=True, undefined=StrictUndefined
    )
    figures = [
        PageFigure(title=title, note=note, png=_encoded(folder / f"{name}.png"))
        for name, (title, note) in FIGURES.items()
        if (folder / f"{name}.png").exists()
    ]
    return environment.get_template("page.html.j2").render(
        title=f"Glioma grading by perfusion: {cohort}",
        notice=NOTICE,
        lead=lead,
        skipped=skipped,
        tables=tables,
        figures=figures,
        methods=methods,
        facts=facts,
    )


def methods_paragraph(settings: StudySettings, trained: str | None) -> str:
    """The methods as a paper would tell them."""
    noisy = [snr_name(s) for s in settings.snrs if not math.isinf(s)]
    noise = (
        "Gaussian noise was added to the signal until the SNR of the baseline (its mean in the "
        "brain over its SD in the median voxel, the data's own noise included) was "
        f"{', '.join(noisy)}, and everything was computed anew"
        + (
            ", frames and arterial input included. "
            if settings.noisy_aif
            else " but for frames and arterial input, which stayed those of the signal itself. "
        )
        if noisy
        else ""
    )
    leakage = (
        f"Curves were corrected for leakage of contrast agent {_leakage(settings)}. "
        if settings.leakage_corrected
        else "Curves were not corrected for leakage of contrast agent. "
    )
    motion = (
        "Head motion was corrected by rigid registration of every frame by mutual information. "
        if settings.preparation.motion is not None
        else "Head motion was not corrected. "
    )
    return (
        f"{motion}"
        "Concentration was taken as ΔR2*(t) = −ln(S(t)/S0)/TE with S0 the mean of the steady "
        "frames before the bolus. The arterial input function was the mean of the marked arterial "
        f"voxels, or of voxels found automatically where none were marked. {leakage}{noise}"
        f"Perfusion was estimated by {', '.join(settings.methods)} (bolus; see its documentation "
        f"for each){'' if trained is None else f'; {trained}'}. The score of a patient was the "
        f"mean {map_name(settings.map)} of the tumour mask over that of normal-appearing white "
        "matter. The area under the ROC curve, with high grade positive, and Youden's cut-off have "
        "95 % intervals from "
        f"{settings.resamples} bootstrap resamples of patients within each grade; areas were "
        "compared by the paired test of DeLong et al. (Biometrics 1988;44:837), grades by the "
        "two-sided Mann-Whitney test. Cut-offs were chosen on the patients they are reported for, "
        "and also, to show what that flatters, with each patient left out in turn."
    )


def _leakage(settings: StudySettings) -> str:
    """The model's sentence, its publications by journal."""
    model = find_leakage_model(settings.preparation.leakage.model)
    cited = re.sub(r"\[(\w+)\]", lambda m: f"({model.citations[m.group(1)].short})", model.sentence)
    return f"{cited} (bolus model '{model.name}')"


def _encoded(path: Path) -> str:
    return base64.b64encode(path.read_bytes()).decode()
