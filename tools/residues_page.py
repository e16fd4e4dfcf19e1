r"""Write docs/residues.md of the study that it is about: every sentence from ``results.json``.

    bolus simulate cohort -o cohort --low 10 --high 21 --train 2,4 --matrix 48,48,8 --seed 29
    bolus study cohort -o results --methods joint,phae,vascular,cpi,spinned,svd-pws,osvd,tikhonov \
        --residues exponential,lorentzian,gamma --snr none,20,10
    python tools/residues_page.py results [NOTE]

It takes the folder of results, and writes page and pictures into ``docs``. The tables are those
that the study wrote; NOTE is a sentence on the machine, for the seconds of Table 1 are its.
"""

import csv
import json
import shutil
import sys
from pathlib import Path
from textwrap import fill

DOCS = Path(__file__).resolve().parents[1] / "docs"
NETWORKS = {"phae-paper-exponential": "exponential", "phae-paper": "Lorentzian",
            "phae-paper-gamma": "gamma"}  # fmt: skip
FIGURES = {
    "figure-maps": ("figure-residues-maps", "Figure 3: maps of a low- and a high-grade patient"),
    "figure-grading": ("figure-residues", "Figure 4: ratios by grade, WHO grade 3 marked"),
    "figure-noise": ("figure-residues-noise", "Figure 5: AUC against noise"),
}
LEVEL = 0.05
NONE = "none"


def said(snr):
    """A level of noise in words."""
    return "without added noise" if snr == NONE else f"at SNR {snr}"


class Found:
    """What the study found, ready to be told."""

    def __init__(self, folder):
        self.told = json.loads((folder / "results.json").read_text())
        with (folder / "patients.csv").open() as file:
            self.rows = list(csv.DictReader(file))
        self.table = {(one["method"], one["snr"]): one for one in self.told["table"]}
        self.truth = self.told["truth"][0]
        self.snrs = self.told["settings"]["snrs"]
        self.methods = self.told["settings"]["methods"]

    def auc(self, method, snr):
        """Area under the curve."""
        return self.table[method, snr]["auc"]

    def patients(self):
        """Whom the study tested."""
        first = [r for r in self.rows if (r["method"], r["snr"]) == (self.methods[0], NONE)]
        grades = [r["grade"] for r in first]
        third = sum(r["who"] == "3" for r in first)
        text = (
            f"{len(first)} patients were tested, {grades.count('LGG')} of low and "
            f"{grades.count('HGG')} of high grade, {third} of these of WHO grade 3. "
            f"{self.told['trained']}."
        )
        failed = self.told["failed"]
        return text + (f" {len(failed)} could not be used at one SNR or more." if failed else "")

    def areas(self):
        """Whether the residue matters for grading."""
        tests = self.told["residues"]
        beyond = [t for t in tests if t["adjusted"][0] is not None and t["adjusted"][0] < LEVEL]
        parts = [
            f"{', '.join(f'{self.auc(m, snr):.3f}' for m in NETWORKS)} {said(snr)}"
            for snr in self.snrs
        ]
        widest = max(max(map(abs, t["pair"]["comparison"]["ci"])) for t in tests)
        head = "does not matter" if not beyond else "matters"
        close = (
            f"no difference is beyond chance after Holm over {len(tests)} tests; one of up to "
            f"{widest:.2f} could have stayed hidden"
            if not beyond
            else f"{len(beyond)} of {len(tests)} differences are beyond chance: "
            + "; ".join(map(self.pair, beyond))
        )
        return (
            f"**The residue {head} for grading**{', as published' if not beyond else ''}: AUC "
            f"with {', '.join(NETWORKS.values())} {'; '.join(parts)}; {close}."
        )

    @staticmethod
    def pair(test):
        """Two residues at an SNR, and how their ratios compare."""
        pair = test["pair"]
        first, second = NETWORKS[pair["first"]], NETWORKS[pair["second"]]
        sure = f"Holm {test['adjusted'][1]:.2g}"
        return f"{first} over {second} {said(pair['snr'])} {test['ratio']:.3f} ({sure})"

    def ratios(self):
        """Whether the ratio itself differs between residues."""
        tests = self.told["residues"]
        own = [t for t in tests if t["adjusted"][1] is not None and t["adjusted"][1] < LEVEL]
        spreads = [t["spread"] for t in tests]
        told = "; ".join(map(self.pair, own)) or "none"
        return (
            f"**The ratio itself** differs beyond chance in {len(own)} of {len(tests)} pairs "
            f"(median of one over the other: {told}). One patient's differs by "
            f"{100 * min(spreads):.0f} to {100 * max(spreads):.0f} % on average between residues."
        )

    def missed(self):
        """High-grade tumours under the cut-off, and how many are of grade 3."""
        parts = []
        for method in (*NETWORKS, *(m for m in self.methods if m not in NETWORKS)):
            cut = self.table[method, NONE]["cutoff"]
            own = [r for r in self.rows if (r["method"], r["snr"]) == (method, NONE)]
            lost = [r["who"] for r in own if r["grade"] == "HGG" and float(r["ratio"]) < cut]
            parts.append(f"`{method}` {len(lost)} ({lost.count('3')})")
        cut = self.truth["cutoff"]
        own = [r for r in self.rows if (r["method"], r["snr"]) == (self.methods[0], NONE)]
        lost = [r["who"] for r in own if r["grade"] == "HGG" and float(r["true_ratio"]) < cut]
        return (
            "**High-grade tumours that are missed** at the cut-off of Table 1, and of these those "
            f"of WHO grade 3: {', '.join(parts)}; the true ratio would miss {len(lost)} "
            f"({lost.count('3')})."
        )

    def order(self):
        """Methods by area, and what of it is beyond chance."""
        lines = []
        for snr in self.snrs:
            names = sorted(self.methods, key=lambda m: -self.auc(m, snr))
            lines.append(f"{said(snr)} {', '.join(f'`{m}` {self.auc(m, snr):.3f}' for m in names)}")
        sure = [p for p in self.told["delong"] if (p["comparison"]["p"] or 1) < LEVEL]
        return (
            f"**AUC of all methods**: {'; '.join(lines)}. The true ratio has "
            f"{self.truth['auc']:.3f}. Of {len(self.told['delong'])} paired tests "
            f"{len(sure)} have a p under {LEVEL:g}, not corrected for their number."
        )

    def errors(self):
        """How far the ratio is from the true one."""
        parts = []
        for method in self.methods:
            own = [self.table[method, snr] for snr in self.snrs]
            error, bias = (", ".join(f"{o[k]:.2f}" for o in own) for k in ("error", "bias"))
            parts.append(f"`{method}` {error} ({bias})")
        levels = ", ".join("none" if snr == NONE else snr for snr in self.snrs)
        return (
            f"**Error of the ratio**, mean |ln(ratio/true)| by noise ({levels}), and the median of "
            f"ratio/true: {'; '.join(parts)}."
        )


LEAD = (
    "Does it matter which residue the published network decodes? The publication tried an "
    "exponential, a Lorentzian and a gamma function and found no significant change. `bolus study` "
    "does that experiment whole, trained anew with each, beside the other methods; this page is "
    "written from what it wrote:"
)
COMMANDS = """```bash
bolus simulate cohort -o cohort --low 10 --high 21 --train 2,4 --matrix 48,48,8 --seed 29
bolus study cohort -o results --methods {methods} \\
    --residues exponential,lorentzian,gamma --snr {snrs}
python tools/residues_page.py results
```
"""
LIMITS = (
    "The published study trained on 39. The simulated cohort is coarse (48 × 48 × 8 voxels), so "
    "that the whole takes about half an hour of one core. `pinn` is left out: it would be trained "
    "on every patient at every SNR. More levels of noise, and larger cohorts, with the network's "
    "shipped weights: [study.md](study.md)."
)


def wrapped(text, **indent):
    """A paragraph."""
    return fill(text, 118, break_on_hyphens=False, break_long_words=False, **indent)


def page(folder, note=""):
    """The page as Markdown."""
    found = Found(folder)
    methods = ",".join(m for m in found.methods if m not in NETWORKS)
    said_of = (found.areas(), found.ratios(), found.missed(), found.order(), found.errors())
    tables = (folder / "table1.md").read_text().rsplit("\n\n", 1)[0]
    parts = [
        "# Three residues\n",
        wrapped(LEAD) + "\n",
        COMMANDS.format(methods=methods, snrs=",".join(found.snrs)),
        wrapped(f"{found.patients()} {LIMITS} {note}".strip()) + "\n",
        *(wrapped(f"* {text}", subsequent_indent="  ") for text in said_of),
        "",
        *(f"![{text}](images/{name}.png)\n" for name, text in FIGURES.values()),
        "## Tables\n",
        f"\n{tables}".replace("\n### ", "\n#### ").replace("\n## ", "\n### ").lstrip(),
    ]
    return "\n".join(parts) + "\n"


def main():
    """Write the page and its pictures."""
    folder = Path(sys.argv[1])
    (DOCS / "residues.md").write_text(page(folder, *sys.argv[2:3]))
    for name, (own, _) in FIGURES.items():
        shutil.copy(folder / f"{name}.png", DOCS / "images" / f"{own}.png")


if __name__ == "__main__":
    main()
