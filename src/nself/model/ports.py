"""Which port each service gets on a shared machine: the user's fixed ones, else the usual ones moved as one block.

Every automatic port of a project is its usual number plus one offset, the same for all: a second project on the
machine finds itself at 5532, 8180, 8543. Once chosen a port stays, so that URLs stay. Nothing here touches a socket:
whoever calls knows which ports are free.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import field

from nself.errors import ConfigError, Problem
from nself.model.spec import Port
from nself.records import dataclass

STEP = 100
HIGHEST = 65535
Key = tuple[str, str]
"""(service, port name)."""
IsFree = Callable[[int], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One service wants one port. `fixed` is the number it insists on."""

    service: str
    port: Port
    fixed: int | None = None

    @property
    def key(self) -> Key:
        return (self.service, self.port.name)

    @property
    def title(self) -> str:
        return self.service if self.port.name in ("http", self.service) else f"{self.service} ({self.port.name})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Ports:
    """What was chosen. `offset` is where the next automatic port of this project is looked for first."""

    offset: int = 0
    numbers: Mapping[Key, int] = field(default_factory=dict)

    def __getitem__(self, key: Key) -> int:
        return self.numbers[key]


def choose(
    claims: Sequence[Claim], remembered: Ports, is_free: IsFree, is_held: IsFree = lambda number: False
) -> Ports:
    """Give every claim a port. A remembered automatic port stays as long as it is free; if one is not, all automatic
    ports move to the first offset where all are free. While the project itself holds some of them (`is_held`), it is
    only those lost that move. A new claim joins the offset of the others, or the next free one of its own when its
    place there is taken.
    """
    fixed = {claim.key: claim.fixed for claim in claims if claim.fixed is not None}
    automatic = [claim for claim in claims if claim.fixed is None]
    taken = set(fixed.values())
    kept = {claim.key: remembered.numbers[claim.key] for claim in automatic if _was_automatic(claim, remembered)}
    offset = remembered.offset
    if kept and any(is_held(number) for number in kept.values()):
        kept = _still_ours(kept, taken, is_free)
    elif not kept or not _all_free(kept.values(), taken, is_free):
        kept, offset = {}, _offset(automatic, taken, is_free)
    for claim in automatic:
        if claim.key not in kept:
            kept[claim.key] = _single(claim, offset, taken | set(kept.values()), is_free)
    return Ports(offset=offset, numbers={claim.key: (fixed | kept)[claim.key] for claim in claims})


def _was_automatic(claim: Claim, remembered: Ports) -> bool:
    """A number that was fixed once is forgotten when it no longer is."""
    number = remembered.numbers.get(claim.key, 0)
    return number >= claim.port.number and (number - claim.port.number) % STEP == 0


def _still_ours(kept: Mapping[Key, int], taken: set[int], is_free: IsFree) -> dict[Key, int]:
    """Those that are free, each number once."""
    found: dict[Key, int] = {}
    for key, number in kept.items():
        if number not in found.values() and _all_free([number], taken, is_free):
            found[key] = number
    return found


def _all_free(numbers: Iterable[int], taken: set[int], is_free: IsFree) -> bool:
    wanted = list(numbers)
    return len(set(wanted)) == len(wanted) and not taken & set(wanted) and all(is_free(number) for number in wanted)


def _offset(claims: Sequence[Claim], taken: set[int], is_free: IsFree) -> int:
    """The first offset at which every usual number is free. Two claims with one usual number do not count against
    an offset: the second of them is moved on its own."""
    usual = {claim.port.number for claim in claims}
    for offset in range(0, HIGHEST - max(usual, default=0), STEP):
        if _all_free([number + offset for number in usual], taken, is_free):
            return offset
    raise _none_left()


def _single(claim: Claim, offset: int, taken: set[int], is_free: IsFree) -> int:
    for number in range(claim.port.number + offset, HIGHEST + 1, STEP):
        if number not in taken and is_free(number):
            return number
    raise _none_left()


def _none_left() -> ConfigError:
    return ConfigError(
        "no block of free ports is left for this project on this machine",
        fixes=["stop projects that are not needed: nself stop", "fix ports by hand, as in POSTGRES_PORT=15432"],
    )


def duplicates(claims: Iterable[Claim]) -> list[Problem]:
    """Fixed ports that two services insist on."""
    owners: dict[int, Claim] = {}
    problems = []
    for claim in claims:
        if claim.fixed is None:
            continue
        first = owners.setdefault(claim.fixed, claim)
        if first is not claim:
            problems.append(
                Problem(
                    path=claim.port.setting or f"{claim.service}.port",
                    message=f"{claim.title} wants port {claim.fixed}, which {first.title} already has",
                    hint=f"give one of them another port, or leave {first.port.setting or 'it'} unset",
                )
            )
    return problems


def dump(ports: Ports) -> str:
    """The text of `.nself/ports.json`."""
    numbers = {f"{service}/{name}": number for (service, name), number in sorted(ports.numbers.items())}
    return json.dumps({"offset": ports.offset, "ports": numbers}, indent=2) + "\n"


def parse(text: str) -> Ports:
    """What `dump` wrote. Anything else counts as nothing remembered: the file is a convenience, not a source."""
    try:
        document = json.loads(text)
        numbers = {(key.split("/")[0], key.split("/")[1]): int(number) for key, number in document["ports"].items()}
        offset = int(document["offset"])
    except (ValueError, KeyError, IndexError, TypeError, AttributeError):
        return Ports()
    in_range = {key: number for key, number in numbers.items() if 0 < number <= HIGHEST}
    return Ports(offset=max(offset, 0), numbers=in_range)
