"""Every entry of METHODS, sized for tests, and tissue with known truth."""

from bolus.estimators import METHODS, Prior, capabilities
from bolus.testing.cases import DT, Case, gamma_variate, mixture

__all__ = ["DT", "QUICK", "SMALL", "Case", "gamma_variate", "having", "method", "mixture"]

SMALL = Prior(mtt=(1.5, 12.0), delay=(-3.0, 5.0), mtt_steps=10, delay_steps=16)
WIDE = Prior(mtt=(1.5, 12.0), delay=(-6.0, 7.0), mtt_steps=10, delay_steps=26)
QUICK = {"bayes": {"prior": WIDE}}
"""Settings that make a slow method quick enough for a contract; all others run as they are."""


def having(**claims):
    """Names of the methods that declare these capabilities."""

    def has(made):
        declared = capabilities(made)
        return all(getattr(declared, claim) == value for claim, value in claims.items())

    return tuple(name for name, made in METHODS.items() if has(made))


def method(name):
    """The estimator of an entry of METHODS."""
    return METHODS[name](**QUICK.get(name, {}))
