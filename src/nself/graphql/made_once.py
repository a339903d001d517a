"""An attribute made when first looked at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class MadeOnce(Generic[T]):
    """`functools.cached_property` without its lock. That is one for all objects of a class: while introspection makes
    the fields of one type in its thread, the event loop would wait to look at those of another. Two threads that look
    at the same object at once both make the value, and either will do."""

    def __init__(self, make: Callable[[Any], T]) -> None:
        self._make, self._name = make, make.__name__
        self.__doc__ = make.__doc__

    def __get__(self, instance: Any, owner: type) -> T:
        value = instance.__dict__[self._name] = self._make(instance)
        return value
