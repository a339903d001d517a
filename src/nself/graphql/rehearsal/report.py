"""What the attacks found, a cell for each role, table and verb."""

from __future__ import annotations

from enum import StrEnum

from nself.records import dataclass


class Verb(StrEnum):
    SELECT = "select"
    INSERT = "insert"
    UPDATE = "update"
    DELETE = "delete"


class Verdict(StrEnum):
    REFUSED = "refused"
    """The role may not, and could not."""
    OWN = "own"
    """Only rows that the permission means; none of somebody else's."""
    EVERYONES = "everyones"
    """Rows of this table are nobody's: nothing in it says whose they are."""
    SHARED = "shared"
    """The permission lets one person reach another one's rows."""
    LEAK = "leak"
    """More was reached than the permission says."""
    UNTESTED = "untested"


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """`detail` says what was seen, for people."""

    role: str
    table: str
    verb: Verb
    verdict: Verdict
    detail: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """`attacks` is the number of operations sent."""

    cells: tuple[Cell, ...]
    attacks: int
