"""The ablation as a page."""

from bolus.bench.ablation import Ablation
from bolus.report.text.layout import Layout, as_markdown


def ablation_layout(ablation: Ablation) -> Layout:
    """A row a step: mean ± SD over the seeds."""
    snrs, delays = ablation.snrs, ablation.delays

    def cells(step: str) -> tuple[str, ...]:
        both = (*ablation.spread(step, "log_cbf"), *ablation.spread(step, "log_mtt"))
        bias, time = ablation.spread(step, "bias"), ablation.spread(step, "seconds")
        shown = [f"{mean:.3f} ± {sd:.3f}" for mean, sd in both]
        shown += [f"{mean:.2f} ± {sd:.2f}" for mean, sd in bias]
        return (step, *shown, f"{time[0][0]:.0f}")

    seeds = len({run.seed for run in ablation.runs})
    curves = ablation.runs[0].curves
    return Layout(
        name="ablation",
        title="From the published autoencoder to phae",
        note=f"Each step keeps what the one before it added. All are trained alike and small, on "
        f"the same {curves} simulated curves, {seeds} seeds: mean ± SD over the seeds. "
        f"Tested on {ablation.test_curves} curves of the benchmark at TR 1.5 s: "
        "mean |log(CBF/true)| and |log(MTT/true)| by SNR, and the median of CBF/true at SNR "
        f"{snrs[0]:g} where all tissue has one delay; seconds of training on one thread.",
        columns=(
            "step",
            *(f"CBF, SNR {snr:g}" for snr in snrs),
            *(f"MTT, SNR {snr:g}" for snr in snrs),
            *(f"CBF/true, {late:g} s late" for late in delays),
            "seconds",
        ),
        sections=(("", tuple(cells(step) for step in ablation.steps)),),
    )


def ablation_page(ablation: Ablation) -> str:
    """The table as a page of Markdown."""
    layout = ablation_layout(ablation)
    return f"# {layout.title}\n\nWritten by `bolus bench --ablation`.\n\n{as_markdown(layout)}"
