"""Digital patients and random curves with known truth."""

from bolus.phantom.anatomical import AnatomicalScan, Displaced, anatomical_image
from bolus.phantom.arterial import ArterialShape, arterial_input, random_arterial_inputs
from bolus.phantom.cohort import PatientPlan, plan_cohort, simulate_planned
from bolus.phantom.cohort_folder import SimulatedCohort, simulate_cohort
from bolus.phantom.curves import (
    CurvePrior,
    CurveTruth,
    PopulationPrior,
    SimulatedCurves,
    clean_curves,
    simulate_curves,
)
from bolus.phantom.folder import write_anatomy, write_patient
from bolus.phantom.lesions import Ball, LateSide, Occlusion, Stroke
from bolus.phantom.patient import (
    DigitalPatient,
    PatientMasks,
    PatientSettings,
    PatientTruth,
    simulate_patient,
)
from bolus.phantom.populations import Population
from bolus.phantom.realism import Leak, Realism
from bolus.phantom.strokes import random_stroke, stroke_patient
from bolus.phantom.tumor import TumorPerfusion

__all__ = [
    "AnatomicalScan",
    "ArterialShape",
    "Ball",
    "CurvePrior",
    "CurveTruth",
    "DigitalPatient",
    "Displaced",
    "LateSide",
    "Leak",
    "Occlusion",
    "PatientMasks",
    "PatientPlan",
    "PatientSettings",
    "PatientTruth",
    "Population",
    "PopulationPrior",
    "Realism",
    "SimulatedCohort",
    "SimulatedCurves",
    "Stroke",
    "TumorPerfusion",
    "anatomical_image",
    "arterial_input",
    "clean_curves",
    "plan_cohort",
    "random_arterial_inputs",
    "random_stroke",
    "simulate_cohort",
    "simulate_curves",
    "simulate_patient",
    "simulate_planned",
    "stroke_patient",
    "write_anatomy",
    "write_patient",
]
