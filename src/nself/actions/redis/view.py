"""What one node knows of its cluster: the text of CLUSTER NODES as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from nself.records import dataclass

SLOTS = 16384


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A node as another sees it, or itself (`myself` among its flags). `moving` are slots on their way, by where to or
    where from; only a node itself tells those."""

    id: str
    address: str
    flags: frozenset[str]
    master: str | None
    linked: bool
    slots: frozenset[int]
    leaving: Mapping[int, str]
    coming: Mapping[int, str]

    @property
    def well(self) -> bool:
        return self.linked and not self.flags & {"fail", "fail?", "handshake", "noaddr"}

    @property
    def is_master(self) -> bool:
        return "master" in self.flags


def parse(text: str) -> dict[str, Known]:
    """By id."""
    found = (_known(line.split()) for line in text.splitlines() if line.strip())
    return {each.id: each for each in found}


def _known(words: list[str]) -> Known:
    """`id ip:port@bus,name flags master ping pong epoch link slot slot-slot [slot->-id] …`"""
    id, address, flags, master, _, _, _, link, *slots = words
    owned: set[int] = set()
    leaving: dict[int, str] = {}
    coming: dict[int, str] = {}
    for word in slots:
        if word.startswith("["):
            slot, arrow, other = (
                word.strip("[]").partition("->-") if "->-" in word else word.strip("[]").partition("-<-")
            )
            (leaving if arrow == "->-" else coming)[int(slot)] = other
        else:
            first, _, last = word.partition("-")
            owned |= set(range(int(first), int(last or first) + 1))
    return Known(
        id=id,
        address=address,
        flags=frozenset(flags.split(",")),
        master=None if master == "-" else master,
        linked="myself" in flags or link == "connected",
        slots=frozenset(owned),
        leaving=leaving,
        coming=coming,
    )


def ranges(slots: Iterable[int]) -> list[tuple[int, int]]:
    """Slots that follow each other, as first and last."""
    found: list[tuple[int, int]] = []
    for slot in sorted(slots):
        if found and found[-1][1] == slot - 1:
            found[-1] = (found[-1][0], slot)
        else:
            found.append((slot, slot))
    return found
