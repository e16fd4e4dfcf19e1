"""The glioma study: how well perfusion tells grades apart, from a cohort to tables and figures."""

from bolus.study.result import Study
from bolus.study.run import run_study, study_in_memory
from bolus.study.settings import StudySettings, read_snrs

__all__ = ["Study", "StudySettings", "read_snrs", "run_study", "study_in_memory"]
