"""The echo times of a series in words."""

from bolus.data import PreparedSeries


def echo_told(series: PreparedSeries) -> str:
    """'TE 30 ms', 'echoes at 8 and 30 ms' or 'echo time unknown'."""
    if series.echoes is not None:
        return "echoes at {:.4g} and {:.4g} ms".format(*(1000 * te for te in series.echoes))
    return "echo time unknown" if series.te is None else f"TE {1000 * series.te:.4g} ms"


def echo_times(series: PreparedSeries) -> float | list[float] | None:
    """The echo time in s, both of a series that was made of two, or None where it is unknown."""
    return series.te if series.echoes is None else list(series.echoes)
