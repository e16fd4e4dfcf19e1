"""Scores with grades: drawn ones, and published ones."""

import numpy as np
from hypothesis import strategies as st

# The 49 patients of DeLong, DeLong & Clarke-Pearson, Biometrics 44:837 (1988): albumin, total
# protein, 10 − Krebs-Goplerud score, and whether surgery failed; '-' is missing. The data as in
# github.com/alistairewj/pyroc (tests/data/ovarian_cancer.csv); the 43 without a missing value are
# also those of "Comparing Receiver Operating Characteristic Curves" in the SAS/STAT User's Guide.
OVARIAN = """
3.0 5.8 0 0  3.2 6.3 5 1  3.9 6.8 7 1  2.8 4.8 4 0  3.2 5.8 7 1  0.9 4.0 5 0  2.5 5.7 2 0
1.6 5.6 5 1  3.8 5.7 5 1  3.7 6.7 4 1  -   -   4 1  3.2 5.4 6 1  3.8 6.6 4 1  4.1 6.6 5 1
3.6 5.7 5 1  4.3 7.0 6 1  3.6 6.7 6 0  2.3 4.4 4 1  4.2 7.6 6 0  4.0 6.6 4 0  3.5 5.8 4 1
3.8 6.8 3 1  3.0 4.7 2 0  4.5 7.4 5 1  3.7 7.4 5 1  3.1 6.6 4 1  4.1 8.2 4 1  4.3 7.0 5 1
4.3 6.5 6 1  3.2 5.1 5 1  2.6 4.7 4 1  3.3 6.8 4 0  1.7 4.0 3 0  -   -   4 1  3.7 6.1 5 1
3.3 6.3 3 1  4.2 7.7 4 1  3.5 6.2 5 1  2.9 5.7 1 0  2.1 4.8 3 1  -   -   2 1  2.8 6.2 2 0
-   -   3 1  -   -   3 1  4.0 7.0 3 1  3.3 5.7 4 1  3.7 6.9 5 1  2.0 -   3 1  3.6 6.6 5 1
"""


def ovarian():
    """Scores (3, 49), missing ones as the median, and who is positive (49,)."""
    cells = [np.nan if cell == "-" else float(cell) for cell in OVARIAN.split()]
    table = np.array(cells).reshape(49, 4)
    columns = [np.where(np.isnan(c), np.nanmedian(c), c) for c in table.T[:3]]
    return columns, table[:, 3] == 1


def overlapping(seed, n=20, m=30, apart=1.0, digits=6):
    """Normal scores of n high and m low grades, in mixed order; few digits make ties."""
    rng = np.random.default_rng(seed)
    score = np.concatenate([rng.normal(apart, 1, n), rng.normal(0, 1, m)]).round(digits)
    order = rng.permutation(n + m)
    return score[order], (np.arange(n + m) < n)[order]


TIED = st.integers(-4, 4)


@st.composite
def cohorts(draw):
    """Scores (n,) with many ties, and grades with at least two patients each."""
    high = draw(st.lists(TIED, min_size=2, max_size=12))
    low = draw(st.lists(TIED, min_size=2, max_size=12))
    order = draw(st.permutations(range(len(high) + len(low))))
    grades = np.array([True] * len(high) + [False] * len(low))
    return np.array(high + low, dtype=float)[order], grades[order]
