"""The run-time type checker of the tests: an int may stand for a float, as for mypy."""

import inspect
from collections.abc import Callable
from functools import WRAPPER_ASSIGNMENTS, partial, wraps
from threading import local
from types import FunctionType
from typing import Any

import jaxtyping
from beartype import BeartypeConf, beartype
from jaxtyping import config

_typed = beartype(conf=BeartypeConf(is_pep484_tower=True))
_jaxtyped = jaxtyping.jaxtyped
_nested: dict[tuple[str, int, str], Callable[..., Any]] = {}
_called = local()


def check(function: Callable[..., Any]) -> Callable[..., Any]:
    """What jaxtyping calls twice for each call: for the parameters, and again with the result.

    The second call would check the parameters a second time, which costs much and finds nothing:
    their sizes are known by then, and the result's are held against them. A function is made ready
    when it is first called, for most of the program is called by none of a worker's tests.
    """
    result = function.__annotations__.get("return", Any)
    if result is not Any:
        function.__annotations__ = {"return": result}
    ready: list[Callable[..., Any]] = []

    def checked(*args: Any, **kwargs: Any) -> Any:
        if not ready:
            ready.append(_typed(function))
        return ready[0](*args, **kwargs)

    return checked


def jaxtyped(*given: Any, **options: Any) -> Any:
    """``jaxtyping.jaxtyped``, but a function is made ready when it is first called.

    One that is nested in another is made ready once, and not at each call of the other: that took
    more than half the time of some tests.
    """
    if not given:
        return partial(jaxtyped, **options)
    if not isinstance(given[0], FunctionType):
        return _jaxtyped(*given, **options)
    function: FunctionType = given[0]
    code, alone = function.__code__, "<locals>" not in function.__qualname__
    place = (code.co_filename, code.co_firstlineno, code.co_qualname)
    ready = {} if alone else _nested

    @wraps(function)
    def call(*args: Any, **kwargs: Any) -> Any:
        if config.jaxtyping_disable:
            return function(*args, **kwargs)
        if place not in ready:
            ready[place] = _jaxtyped(function if alone else _stand_in(function), **options)
        _called.function = function
        return ready[place](*args, **kwargs)

    return call


def _stand_in(function: FunctionType) -> FunctionType:
    """A function like a nested one, which calls the one of its kind that this thread called last.

    No other is called between, for only parameters are checked then.
    """
    called = _called

    def run(*args: Any, **kwargs: Any) -> Any:
        own, called.function = called.function, None
        return own(*args, **kwargs)

    found = FunctionType(run.__code__, function.__globals__, closure=run.__closure__)
    for name in WRAPPER_ASSIGNMENTS:
        setattr(found, name, getattr(function, name))
    found.__signature__ = inspect.signature(function)
    return found
