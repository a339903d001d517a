"""Our `dataclass` and the standard library's make the same of the same class."""

from __future__ import annotations

import copy
import dataclasses
import pickle
import subprocess
import sys
from collections.abc import Callable
from dataclasses import field
from functools import partial
from typing import Any, ClassVar, cast

import pytest

from nself import records

OPTIONS: list[dict[str, bool]] = [
    {},
    {"eq": False},
    {"order": True},
    {"slots": True},
    {"frozen": True},
    {"kw_only": True},
    {"frozen": True, "eq": False},
    {"frozen": True, "slots": True},
    {"frozen": True, "slots": True, "order": True},
    {"frozen": True, "slots": True, "kw_only": True},
]
Maker = Callable[..., Any]
MAKERS: list[Maker] = [dataclasses.dataclass, records.dataclass]


def point(maker: Maker, options: dict[str, bool]) -> Any:
    @maker(**options)
    class Point:
        """Where."""

        AXES: ClassVar[int] = 2
        x: int
        y: int = 0
        label: str = field(default="", repr=False, compare=False)
        tags: list[str] = field(default_factory=list, hash=False)

    return Point


def outcome(act: Callable[[], object]) -> object:
    """What it gives, or the kind of error and its words."""
    try:
        return act()
    except (TypeError, AttributeError) as error:
        return type(error).__name__, str(error)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
@pytest.mark.parametrize(
    "act",
    [
        lambda cls: repr(cls(x=1, label="secret")),
        lambda cls: cls(1).x,
        lambda cls: cls(),
        lambda cls: cls(x=1, z=2),
        lambda cls: (cls(x=1) == cls(x=1), cls(x=1) == cls(x=2), cls(x=1) == 1, cls(x=1, label="a") == cls(x=1)),
        lambda cls: cls(x=1) < cls(x=2),
        lambda cls: cls(x=2) >= cls(x=2, y=1),
        lambda cls: len({cls(x=1), cls(x=1), cls(x=2)}),
        lambda cls: setattr(cls(x=1), "x", 2),
        lambda cls: delattr(cls(x=1), "y"),
        lambda cls: cls(x=1).tags is cls(x=1).tags,
        lambda cls: dataclasses.replace(cls(x=1), y=5).y,
        lambda cls: dataclasses.asdict(cls(x=1)),
        lambda cls: copy.deepcopy(cls(x=1, tags=["a"])).tags,
        lambda cls: [(each.name, each.type, each.kw_only) for each in dataclasses.fields(cls)],
        lambda cls: (cls.__match_args__, cls.AXES, cls.__doc__, hasattr(cls(x=1), "__dict__")),
    ],
)
def test_a_class_behaves_as_with_the_standard_library(options: dict[str, bool], act: Callable[[Any], object]) -> None:
    standard, ours = (outcome(partial(act, point(maker, options))) for maker in MAKERS)
    assert ours == standard


@pytest.mark.parametrize("slots", [True, False])
def test_nothing_can_be_set_on_a_frozen_one_field_or_not(slots: bool) -> None:
    made = point(records.dataclass, {"frozen": True, "slots": slots})(x=1)
    with pytest.raises(dataclasses.FrozenInstanceError, match="cannot assign to field 'other'"):
        made.other = 2


@pytest.mark.parametrize("maker", MAKERS)
def test_methods_of_the_class_itself_stay(maker: Maker) -> None:
    @maker(frozen=True, slots=True)
    class Word:
        text: str

        def __eq__(self, other: object) -> bool:
            return isinstance(other, Word) and self.text.lower() == other.text.lower()

        def __repr__(self) -> str:
            return self.text

    @maker(frozen=True)
    class Fixed:
        text: str

        def __hash__(self) -> int:
            return 7

    word, fixed = cast(Any, Word), cast(Any, Fixed)
    assert (word("A") == word("a"), repr(word("A")), hash(fixed("x"))) == (True, "A", 7)
    assert hash(word("A")) == hash(word("A"))


@pytest.mark.parametrize("maker", MAKERS)
def test_a_class_below_another_has_the_fields_of_both(maker: Any) -> None:
    @maker(slots=True, kw_only=True, frozen=True)
    class Above:
        a: int

    @maker(slots=True, kw_only=True, frozen=True)
    class Below(Above):
        b: int = 2

        def __post_init__(self) -> None:
            if self.b < 0:
                raise ValueError("b is below zero")

    above, below = cast(Any, Above), cast(Any, Below)
    assert repr(below(a=1)).endswith("Below(a=1, b=2)")
    assert above(a=1) != below(a=1)
    with pytest.raises(ValueError, match="below zero"):
        below(a=1, b=-1)
    with pytest.raises(dataclasses.FrozenInstanceError):
        below(a=1).a = 2


@pytest.mark.parametrize("maker", MAKERS)
def test_a_field_without_init_has_its_default_or_what_post_init_sets(maker: Maker) -> None:
    @maker(slots=True)
    class Square:
        side: int
        area: int = field(init=False)
        name: str = field(init=False, default="square")
        seen: list[int] = field(init=False, default_factory=list)

        def __post_init__(self) -> None:
            self.area = self.side**2

    square = cast(Any, Square)(3)
    assert (square.area, square.name, square.seen) == (9, "square", [])


@records.dataclass(frozen=True, slots=True)
class Kept:
    text: str
    numbers: tuple[int, ...] = ()


def test_an_instance_can_be_pickled() -> None:
    kept = Kept("a", (1, 2))
    assert pickle.loads(pickle.dumps(kept)) == kept


def test_making_a_class_compiles_nothing() -> None:
    """That is what it is for. Importing the model with the standard library's made hundreds of functions from text."""
    program = """
import sys
compiled = []
import dataclasses, enum, typing, pathlib, ipaddress, json, nself.settings
nself.settings.env("FIRST")  # the first instance of a class
sys.addaudithook(lambda event, args: compiled.append(args[0]) if event == "exec" else None)
import nself.model.project, nself.model.spec, nself.graphql.settings
texts = [code for code in compiled if code.co_filename == "<string>"]
assert nself.model.spec.Endpoint.__dataclass_fields__
print(len(compiled) > 3, len(texts))
"""
    ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert ran.stdout.split() == ["True", "0"]
