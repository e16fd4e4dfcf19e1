from types import SimpleNamespace

from bolus.base.progress import Reporter
from bolus.bench import followup
from bolus.bench.followup import FACTORS, FollowupResult, Placed, Told
from bolus.bench.followup_page import followup_page
from bolus.data import RegistrationError
from bolus.followup.change import Change


def told(seed, factor, change, interval, probability):
    return Told(
        seed=seed,
        factor=factor,
        same_echo=True,
        change=Change(
            quantity="cbv_corrected",
            region="tumor before",
            kind="normalised",
            before=2.0,
            after=2.0 * (1 + change / 100),
            unit="1",
            change=change,
            change_unit="%",
            interval=interval,
            probability=probability,
        ),
    )


def test_the_page_counts_what_was_found():
    rise = FACTORS[-1]
    found = FollowupResult(
        told=(
            told(1, 1.0, 5.0, (-10.0, 22.5), 0.4),
            told(2, 1.0, 30.0, (10.0, 53.6), 0.99),
            told(1, rise, 35.0, (15.0, 58.5), 0.99),
            told(2, rise, 15.0, (-5.0, 39.2), 0.8),
        ),
        placed=(Placed(seed=1, error=0.5, said=0.3), Placed(seed=2, error=0.7, said=0.4)),
        voxels=((1, "cbv", 0.04), (2, "cbv", 0.06)),
    )
    page = followup_page(found)
    assert "| Corrected CBV | normalised | first | 2 | 50 ± 35 % | 50 ± 35 % |" in page
    same, changed = "50 %, +18 %, 50 %", "50 %, +25 %, 50 %"
    row = ["Corrected CBV", "normalised", "first", "–", "–", "–", same, "–", "–", changed]
    assert f"| {' | '.join(row)} |" in page
    assert "| -40 % | -20 % | -10 % | 0 % | +10 % |" in page
    assert "| CBV | 5.0 % | 4.0–6.0 % |" in page
    assert "| 2 | 0.6 | 0.7 | 0.3 | 0.4 |" in page


def test_a_pair_that_cannot_be_registered_is_skipped_and_told(monkeypatch):
    """A run of an hour does not end with it."""
    told_of = []

    class Heard(Reporter):
        def skipped(self, what, why):
            told_of.append((what, why))

    def compared(before, after):
        if before == 1:
            raise RegistrationError("they do not fit")
        return after

    def examined(seed, method):
        return [SimpleNamespace(maps=seed), SimpleNamespace(maps=seed)]

    def judged(seed, found, pair):
        return FollowupResult(told=(), placed=(Placed(seed=seed, error=0.0, said=0.0),), voxels=())

    for name, put in (("compare_maps", compared), ("examined", examined), ("judged", judged)):
        monkeypatch.setattr(followup, name, put)
    found = followup.run_followup(first=1, patients=2, reporter=Heard())
    assert [one.seed for one in found.placed] == [2]
    assert told_of == [("patient 1", "they do not fit")]
