"""The further tables of a benchmark, from its plain form."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from bolus.report.text.layout import Layout

Row = Mapping[str, Any]
Figures = Mapping[str, Any]
TOLD = ("cbf", "mtt", "delay")


def sheets(figures: Figures) -> list[Layout]:
    """Layouts of the tables that ``Benchmark.as_json`` holds besides accuracy and speed."""
    return [make(figures[name]) for name, make in SHEETS.items() if figures.get(name)]


def held_out(rows: Sequence[Row]) -> Layout:
    """Residues no method was trained on."""
    residues = _values(rows, "residue")
    named = [name for name in residues if name != "all"]

    def section(snr: float) -> tuple[tuple[str, ...], ...]:
        return tuple(
            (
                first["method"],
                number(first["log_cbf"], 3),
                number(first["to_limit"]),
                *(number(r["cbf_bias"]) for r in own[1:]),
                number(first["log_mtt"]),
                coverage(first["coverage"]),
            )
            for own in _by_method(rows, snr=snr)
            for first in own[:1]
        )

    return Layout(
        name="held-out",
        title="Residues never trained on",
        note="Mean |log(CBF/true)| over both residues, its ratio to the limit under a prior of "
        "these residues, median of CBF/true of each, mean |log(MTT/true)|, share in % of 90 % "
        "intervals that hold CBF, MTT and delay.",
        columns=(
            "method",
            "|log CBF|",
            "× limit",
            *(f"CBF/true, {name}" for name in named),
            "|log MTT|",
            "intervals hold %",
        ),
        sections=tuple((f"SNR {snr:g}", section(snr)) for snr in _values(rows, "snr")),
    )


def home_ground(rows: Sequence[Row]) -> Layout:
    """The published network's home ground."""
    snrs = _values(rows, "snr")

    def cells(own: Sequence[Row]) -> Iterator[str]:
        yield own[0]["method"]
        for r in own:
            logs = f"{number(r['log_cbf'], 3)} / {number(r['log_mtt'], 3)}"
            yield f"{logs} / {number(r['mtt_error'])}"

    return Layout(
        name="home-ground",
        title="Lorentzian tissue without delay",
        note=f"TR 1.5 s, {rows[0]['n']} curves an SNR: mean |log(CBF/true)| / mean |log(MTT/true)| "
        "/ mean error of MTT in s.",
        columns=("method", *(f"SNR {snr:g}" for snr in snrs)),
        sections=(("", tuple(tuple(cells(own)) for own in _by_method(rows))),),
    )


def bias(rows: Sequence[Row]) -> Layout:
    """Median of CBF by delay and by repetition time."""
    own = _by_method(rows, residues=rows[0]["residues"])
    heads = [
        f"{r['low']:g}…{r['high']:g} s" if r["by"] == "delay" else f"TR {r['low']:g}"
        for r in own[0]
    ]

    def cell(r: Row) -> str:
        low, high = r["ci"]
        return f"{number(r['median'])}\n({number(low)}–{number(high)})"

    return Layout(
        name="bias",
        title="Median of CBF/true at SNR 50",
        note="By true delay over TR 1, 1.25, 1.5 and 2 s, and by TR over all delays; 95 % "
        "intervals by resampling of arterial inputs. At least "
        f"{min(r['n'] for r in rows)} curves an entry.",
        columns=("method", *heads),
        sections=tuple(
            (name, tuple((m[0]["method"], *map(cell, m)) for m in _by_method(rows, residues=name)))
            for name in _values(rows, "residues")
        ),
    )


def arterial(rows: Sequence[Row]) -> Layout:
    """Errors of the arterial input."""
    heads = {"noise": "noise", "scale": "× 0.7", "earlier": "2 s early", "later": "2 s late"}

    def cells(own: Sequence[Row]) -> Iterator[str]:
        yield own[0]["method"]
        for r in own:
            yield f"{number(r['change'])} / {number(r['spread'], 3)} / {number(r['log_cbf'], 3)}"
        yield " / ".join(number(r["delay_change"], 1) for r in own[2:])

    return Layout(
        name="arterial",
        title="A wrong arterial input",
        note="Noise of SD peak/50, values × 0.7 (whose factor 1/0.7 in CBF is taken off), or 2 s "
        "too early or late, TR 1.5 s: median of CBF over that with the true input / mean |log| of "
        "it / mean |log(CBF/true)|. Last, the median change of the delay (else Tmax) in s.",
        columns=("method", *heads.values(), "delay, early / late"),
        sections=tuple(
            (f"SNR {snr:g}", tuple(tuple(cells(own)) for own in _by_method(rows, snr=snr)))
            for snr in _values(rows, "snr")
        ),
    )


def protocols(rows: Sequence[Row]) -> Layout:
    """Other repetition times and lengths."""
    methods = _values(rows, "method")

    def line(of: Sequence[Row]) -> tuple[str, ...]:
        found = {r["method"]: number(r["log_cbf"]) for r in of}
        own = next((r for r in of if r["method"] == "phae"), None)
        last = ("–", "–") if own is None else (number(own["cbf_bias"]), coverage(own["coverage"]))
        scan = f"{of[0]['dt']:g} s, {of[0]['duration']:g} s"
        return (scan, *(found[name] for name in methods), *last)

    def section(snr: float) -> tuple[tuple[str, ...], ...]:
        at = [r for r in rows if r["snr"] == snr]
        scans = dict.fromkeys((r["dt"], r["duration"]) for r in at)
        return tuple(line([r for r in at if (r["dt"], r["duration"]) == scan]) for scan in scans)

    return Layout(
        name="protocols",
        title="Other scans",
        note=f"Mean |log(CBF/true)| by TR and length, {rows[0]['n']} curves an entry; for phae "
        "also the median of CBF/true and the share in % of 90 % intervals that hold CBF, MTT and "
        "delay. A scan needs 20 frames.",
        columns=("TR, length", *methods, "phae\nCBF/true", "phae\nhold %"),
        sections=tuple((f"SNR {snr:g}", section(snr)) for snr in _values(rows, "snr")),
    )


def sgemm(rows: Sequence[Row]) -> Layout:
    """The published network next to the machine's own rate."""
    cells = tuple(
        (
            str(r["threads"]),
            number(r["product"], 0),
            number(r["network"], 0),
            number(r["ratio"]),
            number(r["voxels_per_second"], 0),
        )
        for r in rows
    )
    return Layout(
        name="sgemm",
        title="phae-paper on this machine",
        note="10⁹ single-precision operations a second, fastest of several calls taken in turn: a "
        "product of square matrices, and the encoder. Ratio: the encoder over the product.",
        columns=("cores", "product", "phae-paper", "ratio", "voxels/s"),
        sections=(("", cells),),
    )


SHEETS: dict[str, Callable[[Sequence[Row]], Layout]] = {
    "held_out": held_out,
    "home_ground": home_ground,
    "bias": bias,
    "arterial": arterial,
    "protocols": protocols,
    "sgemm": sgemm,
}


def number(value: float | None, digits: int = 2) -> str:
    """A number, or a dash for what does not exist."""
    return "–" if value is None else f"{value:.{digits}f}"


def coverage(shares: Mapping[str, float | None] | None, names: Sequence[str] = TOLD) -> str:
    """Shares in per cent of what ``names`` says, or a dash for a method without intervals."""
    if shares is None:
        return "–"
    known = (shares[name] for name in names)
    return " ".join("–" if share is None else f"{100 * share:.0f}" for share in known)


def _values(rows: Sequence[Row], key: str) -> list[Any]:
    return list(dict.fromkeys(r[key] for r in rows))


def _by_method(rows: Sequence[Row], **where: object) -> list[list[Row]]:
    """Rows of each method, in order, of those that match."""
    kept = [r for r in rows if all(r[key] == value for key, value in where.items())]
    return [[r for r in kept if r["method"] == name] for name in _values(kept, "method")]
