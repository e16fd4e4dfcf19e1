"""What differs between two examinations, and what a difference leaves to be compared.

An interval of a change says what noise, arterial input and registration do. It does not say what
another echo time or another method does, so there nothing is claimed that needs it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple, TypeGuard

from bolus.data import Quantity
from bolus.data.quantities import Ratio
from bolus.followup.visit import Visit

TOLERANCE = 0.02
"""Relative difference below which two times are the same."""


class Effect(StrEnum):
    """What a difference rules out."""

    NOTE = "noted"
    SCALE = "no change of absolute flows and volumes"
    MAKER = "no change of absolute values, and no probability of others"


class Difference(NamedTuple):
    """One thing that two examinations do not have in common, in words."""

    name: str
    before: str
    after: str
    effect: Effect
    why: str

    def as_json(self) -> dict[str, str]:
        """By name."""
        return {**self._asdict(), "effect": self.effect.value}


@dataclass(frozen=True)
class Allowed:
    """What may be compared: absolute values of flow and volume, and with what probability."""

    absolute: bool
    probability: bool

    def absolutely(self, quantity: Quantity) -> bool:
        """Whether a map's own values may be compared.

        Times can where flows cannot, as they need no scale; signal recovery goes with the protocol.
        """
        free = not quantity.scaled and quantity.ratio is not Ratio.LOGARITHM
        return self.absolute or (self.probability and free)


class _Fact(NamedTuple):
    """A fact of a result, how it differs, and what that rules out."""

    name: str
    of: Callable[[Visit], object]
    effect: Effect
    why: str


def _given(value: object) -> str:
    return "assumed" if value is None else "the patient's"


def _known_tumor(visit: Visit) -> str:
    if visit.told.get("leakage_model") is None:
        return "no correction"
    return "given" if "tumor" in (visit.told.get("regions") or {}) else "none"


_ALIKE = "other maps of the same series differ by more than their intervals say"
FACTS = (
    _Fact(
        "absolute units",
        lambda v: "no (echo time unknown)" if v.relative else "yes",
        Effect.SCALE,
        "without an echo time flow and volume have no unit",
    ),
    _Fact(
        "echo time, s",
        lambda v: v.told.get("echo_time_s"),
        Effect.SCALE,
        "how ΔR2* grows with concentration, and leakage with T1, depends on it",
    ),
    _Fact(
        "repetition time, s",
        lambda v: v.told["repetition_time_s"],
        Effect.NOTE,
        "it moves transit times and what leakage adds",
    ),
    _Fact(
        "haematocrit",
        lambda v: _given((v.told["preparation"].get("blood") or {}).get("hematocrit")),
        Effect.SCALE,
        "absolute flow and volume are scaled by it",
    ),
    _Fact(
        "voxels, mm",
        lambda v: " × ".join(f"{edge:.3g}" for edge in v.grid.voxel_size),
        Effect.NOTE,
        "larger voxels mix more of what lies beside each other",
    ),
    _Fact("method", lambda v: v.method, Effect.MAKER, _ALIKE),
    _Fact("options of the method", lambda v: v.told["parameters"], Effect.MAKER, _ALIKE),
    _Fact(
        "leakage model",
        lambda v: v.told.get("leakage_model"),
        Effect.MAKER,
        f"{_ALIKE}; a tumour mask turns the correction on, so give bolus maps one at both dates",
    ),
    _Fact(
        "tumour that the leakage correction knows",
        _known_tumor,
        Effect.MAKER,
        "what leaks is learned from it: 10 to 15 % of the corrected CBV of simulated gliomas; give "
        "bolus maps one at both dates",
    ),
    _Fact("software", lambda v: v.told["software"], Effect.MAKER, _ALIKE),
    _Fact(
        "preparation",
        lambda v: {k: x for k, x in v.told["preparation"].items() if k not in ("blood", "leakage")},
        Effect.NOTE,
        "motion, spikes or the arterial input were handled otherwise",
    ),
)
"""In the order in which they are told. Field strength and flip angle are not known to a result."""


def differences(before: Visit, after: Visit) -> tuple[Difference, ...]:
    """What differs between two examinations, and what both of them lack."""
    found = []
    for fact in FACTS:
        one, other = fact.of(before), fact.of(after)
        lacking = fact.effect is Effect.SCALE and before.relative and fact is FACTS[0]
        if lacking or not _same(one, other):
            told = _told(one, other)
            found.append(Difference(fact.name, *told, fact.effect, fact.why))
    return tuple(found)


def allowed(found: tuple[Difference, ...]) -> Allowed:
    """What differences leave to be compared."""
    effects = {difference.effect for difference in found}
    return Allowed(
        absolute=not effects & {Effect.SCALE, Effect.MAKER},
        probability=Effect.MAKER not in effects,
    )


def _same(one: object, other: object) -> bool:
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(_same, one, other))
    if _number(one) and _number(other):
        return abs(one - other) <= TOLERANCE * max(abs(one), abs(other))
    return one == other


def _number(value: object) -> TypeGuard[float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _told(one: object, other: object) -> tuple[str, str]:
    """Both in words; of options only those that differ."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        names = [n for n in dict.fromkeys([*one, *other]) if one.get(n) != other.get(n)]
        return _listed(one, names), _listed(other, names)
    return _word(one), _word(other)


def _listed(given: Mapping[str, Any], names: list[str]) -> str:
    return ", ".join(f"{name}: {_word(given.get(name))}" for name in names)


def _word(value: object) -> str:
    if value is None:
        return "none"
    return f"{value:.4g}" if _number(value) else str(value)
