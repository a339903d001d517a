"""`dataclass` of the standard library, for programs that start often: the same, but a class is made in less time.

The standard library compiles six methods for each class when its module is imported, a millisecond a class: half of
what `nself status` took. Here it finds the fields and makes the slots; what compares, hashes and
shows an instance is not compiled, and `__init__` is when the first instance is made. Of its options those that we
use are offered.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from operator import attrgetter, eq, ge, gt, le, lt
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from dataclasses import dataclass as dataclass
else:

    def dataclass(cls=None, /, **options):
        return _made(cls, **options) if cls else lambda cls: _made(cls, **options)


def _made(
    cls: type,
    *,
    frozen: bool = False,
    eq: bool = True,
    order: bool = False,
    slots: bool = False,
    kw_only: bool = False,
) -> type:
    own = vars(cls)
    methods: dict[str, Any] = {}
    # Python itself puts `__hash__ = None` into a class that has an `__eq__` of its own.
    hashes = "__hash__" in own and not (own["__hash__"] is None and "__eq__" in own)
    # Without a docstring the standard library writes one from a signature: slow, and nobody reads it.
    cls.__doc__ = cls.__doc__ or cls.__name__
    made: type = dataclasses.dataclass(init=False, repr=False, eq=False, slots=slots, kw_only=kw_only)(cls)
    methods |= {"__init__": _init_when_called(made, frozen=frozen), "__repr__": _repr}
    methods |= _comparisons(made, order=order) if eq else {}
    methods |= _frozen(made) if frozen else {}
    for name in methods.keys() - own.keys():
        type.__setattr__(made, name, methods[name])
    if eq and not hashes:
        type.__setattr__(made, "__hash__", _hash(made) if frozen else None)
    return made


def _init_when_called(cls: type, *, frozen: bool) -> Callable[..., None]:
    def first(self: Any, *args: Any, **kwargs: Any) -> None:
        compiled = _init(cls, frozen=frozen)
        type.__setattr__(cls, "__init__", compiled)
        compiled(self, *args, **kwargs)

    return first


def _init(cls: type, *, frozen: bool) -> Callable[..., None]:
    known: dict[str, Any] = {"set_": object.__setattr__, "missing_": dataclasses.MISSING}
    positional, lines = ["self"], []
    keywords: list[str] = []
    for field in dataclasses.fields(cls):
        parameter, value = _parameter(field, known)
        if field.init:
            (keywords if field.kw_only else positional).append(parameter)
        elif value == field.name:
            continue  # without a default it is for `__post_init__` to set
        lines.append(f"set_(self, {field.name!r}, {value})" if frozen else f"self.{field.name} = {value}")
    lines += ["self.__post_init__()"] if hasattr(cls, "__post_init__") else []
    parameters = ", ".join([*positional, *(["*", *keywords] if keywords else [])])
    exec("\n ".join([f"def __init__({parameters}):", *lines, "pass"]), known)
    init: Callable[..., None] = known["__init__"]
    init.__qualname__ = f"{cls.__qualname__}.__init__"
    return init


def _parameter(field: dataclasses.Field[Any], known: dict[str, Any]) -> tuple[str, str]:
    """As it stands in the signature, and what the field is set to; what both need is added to `known`."""
    name, default = field.name, f"default_{field.name}"
    if field.default is not dataclasses.MISSING:
        known[default] = field.default
        return f"{name}={default}", name if field.init else default
    if field.default_factory is not dataclasses.MISSING:
        known[default] = field.default_factory
        made = f"{default}()"
        return f"{name}=missing_", f"{made} if {name} is missing_ else {name}" if field.init else made
    return name, name


@recursive_repr()
def _repr(self: Any) -> str:
    shown = (f"{field.name}={getattr(self, field.name)!r}" for field in dataclasses.fields(self) if field.repr)
    return f"{type(self).__qualname__}({', '.join(shown)})"


def _values(names: Sequence[str]) -> Callable[[Any], tuple[Any, ...]]:
    if len(names) > 1:
        return attrgetter(*names)
    return lambda record: tuple(getattr(record, name) for name in names)


def _hash(cls: type) -> Callable[[Any], int]:
    fields = dataclasses.fields(cls)
    values = _values([field.name for field in fields if (field.compare if field.hash is None else field.hash)])
    return lambda self: hash(values(self))


def _comparisons(cls: type, *, order: bool) -> dict[str, Callable[[Any, Any], Any]]:
    values = _values([field.name for field in dataclasses.fields(cls) if field.compare])

    def method(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], Any]:
        def compared(self: Any, other: Any) -> Any:
            return compare(values(self), values(other)) if other.__class__ is self.__class__ else NotImplemented

        return compared

    signs = {"__eq__": eq} | ({"__lt__": lt, "__le__": le, "__gt__": gt, "__ge__": ge} if order else {})
    return {name: method(compare) for name, compare in signs.items()}


def _frozen(cls: Any) -> dict[str, Callable[..., Any]]:
    """Nothing can be set or deleted. Whoever pickles or copies an instance gets its values, and may set a new one's."""
    names = [field.name for field in dataclasses.fields(cls)]

    def refuses(self: Any, name: str) -> bool:
        return type(self) is cls or name in names

    def set_value(self: Any, name: str, value: Any) -> None:
        if refuses(self, name):
            raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")
        super(cls, self).__setattr__(name, value)

    def delete_value(self: Any, name: str) -> None:
        if refuses(self, name):
            raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")
        super(cls, self).__delattr__(name)

    methods: dict[str, Callable[..., Any]] = {"__setattr__": set_value, "__delattr__": delete_value}
    return methods | ({"__getstate__": _state, "__setstate__": _set_state} if "__slots__" in vars(cls) else {})


def _state(self: Any) -> list[Any]:
    return [getattr(self, field.name) for field in dataclasses.fields(self)]


def _set_state(self: Any, state: list[Any]) -> None:
    for field, value in zip(dataclasses.fields(self), state, strict=True):
        object.__setattr__(self, field.name, value)
