"""A small head with known arteries, for the tests of preprocessing and arterial input."""

from dataclasses import dataclass

import numpy as np

from bolus.data import DSCSeries, Grid

TE = 0.03
SHAPE = (40, 40, 5)
BACKGROUND, GREY, WHITE, FLUID, VEIN, ARTERY, PARTIAL, SATURATED = range(8)
S0 = np.array([0.0, 1000.0, 850.0, 1400.0, 900.0, 950.0, 950.0, 950.0])


@dataclass(frozen=True)
class Head:
    """Series, labels (x, y, z), true onset in frames and time of the arterial peak in s."""

    series: DSCSeries
    labels: np.ndarray
    onset: float
    arterial_peak: float


def gamma_variate(time, r=3.0, b=1.5):
    """Height 1 at r·b after 0."""
    s = np.clip(time, 0.0, None) / (r * b)
    return s**r * np.exp(r * (1 - s))


def arterial_curve(time):
    """First pass, recirculation and tail of height 1."""
    tail = 0.05 * (1 - np.exp(-np.clip(time, 0, None) / 5))
    return gamma_variate(time) + 0.15 * gamma_variate(time - 9, b=3.0) + tail


def tissue_of(fine, arterial, mtt, step):
    """Exponential residue, height 1."""
    out = np.convolve(arterial, np.exp(-fine / mtt))[: fine.size] * step
    return out / out.max()


def labels_of(arteries=True, saturated=False):
    """Ellipse of grey around white with fluid, a vein and arteries of up to three kinds."""
    x, y, _ = np.meshgrid(*(np.arange(n) for n in SHAPE), indexing="ij")
    radius = np.hypot((x - 19.5) / 16, (y - 19.5) / 14)
    labels = np.where(radius < 1, GREY, BACKGROUND)
    labels[radius < 0.72] = WHITE
    labels[18:22, 12:17] = FLUID
    labels[19:22, 30:32] = VEIN
    if arteries:
        labels[10:12, 19:21] = ARTERY
        labels[28:30, 19:21] = ARTERY
        labels[19:21, 8:10] = PARTIAL
        labels[26:28, 27:29] = SATURATED if saturated else ARTERY
    return labels


def concentrations(time, t0):
    """ΔR2* in 1/s of every label, (8, t), and the time of the arterial peak in s."""
    step = 0.02
    fine = np.arange(0.0, time[-1] + 1, step)
    artery = arterial_curve(fine - t0)

    def at(values, height, delay=0.0):
        return height * np.interp(time - delay, fine, values)

    grey, white = tissue_of(fine, artery, 4.0, step), tissue_of(fine, artery, 5.0, step)
    arterial = at(artery, 50.0)
    mixed = -np.log(0.5 * np.exp(-TE * arterial) + 0.5 * np.exp(-TE * at(grey, 12.0, 0.5))) / TE
    rows = [
        0 * time,
        at(grey, 12.0, 0.5),
        at(white, 5.0, 1.0),
        0 * time,
        at(tissue_of(fine, artery, 2.0, step), 45.0, 4.0),
        arterial,
        mixed,
        at(artery, 170.0),
    ]
    return np.array(rows), t0 + float(fine[np.argmax(arterial_curve(fine))])


def tiny_head(
    dt=1.5,
    snr=100.0,
    unsteady=0,
    arteries=True,
    t0=None,
    duration=75.0,
    rician=True,
    seed=0,
    saturated=False,
):
    """A head scanned every ``dt`` s, ``unsteady`` leading frames too bright (×1.3 and falling)."""
    rng = np.random.default_rng(seed)
    frames = round(duration / dt)
    time = np.arange(frames) * dt
    t0 = 15.0 if t0 is None else t0
    labels = labels_of(arteries, saturated)
    curves, peak = concentrations(time, t0)
    signal = S0[labels][..., None] * np.exp(-TE * curves)[labels]
    excess = np.where(np.arange(frames) < unsteady, 0.3 * 0.5 ** np.arange(frames), 0.0)
    signal = signal * (1 + excess)
    sigma = 1000.0 / snr
    real, imaginary = rng.normal(0.0, sigma, (2, *signal.shape))
    noisy = np.hypot(signal + real, imaginary) if rician else signal + real
    grid = Grid(shape=SHAPE, affine=np.diag([3.0, 3.0, 5.0, 1.0]))
    series = DSCSeries(signal=noisy.astype(np.float32), dt=dt, te=TE, grid=grid)
    return Head(series=series, labels=labels, onset=t0 / dt, arterial_peak=peak)
