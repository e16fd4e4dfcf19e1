"""How good and how fast the methods are, on random curves with known truth, next to the limit."""

from bolus.bench.ablation import Ablation, AblationRun, run_ablation
from bolus.bench.ablation_page import ablation_page
from bolus.bench.adaptation import (
    Adaptation,
    adaptation_page,
    by_benchmark,
    compare_weights,
    run_adaptation,
)
from bolus.bench.design import CurveBatch, Design
from bolus.bench.limit import Limit, limit_prior
from bolus.bench.result import Benchmark
from bolus.bench.run import bench_methods, run_benchmark
from bolus.bench.speed import Speed, SpeedRow, TimingSettings
from bolus.bench.statistics import AccuracyRow
from bolus.bench.table import page, tables
from bolus.bench.timing import time_methods

__all__ = [
    "Ablation",
    "AblationRun",
    "AccuracyRow",
    "Adaptation",
    "Benchmark",
    "CurveBatch",
    "Design",
    "Limit",
    "Speed",
    "SpeedRow",
    "TimingSettings",
    "ablation_page",
    "adaptation_page",
    "bench_methods",
    "by_benchmark",
    "compare_weights",
    "limit_prior",
    "page",
    "run_ablation",
    "run_adaptation",
    "run_benchmark",
    "tables",
    "time_methods",
]
