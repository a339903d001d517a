"""Slots and their keys from one master to another, under the eyes of clients: they are led after a key that has moved.

What is interrupted leaves slots open at both ends, which every node remembers; `unfinished` finds them again.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from nself.actions.redis.members import Member, tolerating
from nself.actions.redis.slots import Move
from nself.errors import NselfError
from nself.runtimes.resp import Reply
from nself.runtimes.wire import RefusedError

SLOTS_AT_ONCE = 1024
KEYS_AT_ONCE = 100
MIGRATE_MS = 60_000
ALREADY = ("already the owner", "only with masters", "only with primaries")
"""Where the last slot of a master goes, there it becomes a replica by itself."""


def move(source: Member, target: Member, slots: Sequence[int], password: str) -> None:
    try:
        for batch in _batches(slots):
            _set(target, batch, "IMPORTING", source.id)
            _set(source, batch, "MIGRATING", target.id)
            _move_keys(source, target, batch, password)
            assign(target, batch, (target, source))
    except RefusedError as error:
        raise NselfError(
            f"{source.name} could not give its keys to {target.name}: {error.code} {error}",
            fixes=[f"nself logs {target.name}", "mend that and give the same command again: it goes on from here"],
        ) from error


def assign(owner: Member, slots: Sequence[int], told: Sequence[Member]) -> None:
    """They are the owner's, who tells those that are not told here."""
    for member in told:
        _set(member, slots, "NODE", owner.id)


def _set(member: Member, slots: Sequence[int], *words: str) -> None:
    with tolerating(*ALREADY):
        member.connection.pipeline([("CLUSTER", "SETSLOT", slot, *words) for slot in slots])


def _move_keys(source: Member, target: Member, slots: Sequence[int], password: str) -> None:
    """Some of each slot in one go, until there are none. No new ones come: clients are sent to the target for those."""
    to, left = target.inside, slots
    while left:
        answers = source.connection.pipeline([("CLUSTER", "GETKEYSINSLOT", slot, KEYS_AT_ONCE) for slot in left])
        found = {slot: names for slot, names in zip(left, map(_listed, answers), strict=True) if names}
        # What is there under that name is of an earlier try: as long as the source has a key, it is asked for it.
        words = ("MIGRATE", to.host, to.port, "", 0, MIGRATE_MS, "REPLACE", "AUTH", password, "KEYS")
        for names in found.values():
            source.call(*words, *names)
        left = list(found)


def unfinished(members: Sequence[Member]) -> list[Move]:
    """Slots that are open at one end or both: where each is now, and where it was to go."""
    by_id = {each.id: each for each in members}
    found = {each.name: each.itself() for each in members}
    owners = {slot: name for name, known in found.items() for slot in known.slots}
    targets = {slot: name for name, known in found.items() for slot in known.coming}
    targets |= {slot: by_id[id].name for known in found.values() for slot, id in known.leaving.items() if id in by_id}
    return [
        Move(source=owners[slot], target=target, slots=(slot,))
        for slot, target in sorted(targets.items())
        if slot in owners
    ]


def _batches(slots: Sequence[int]) -> Iterator[Sequence[int]]:
    return (slots[start : start + SLOTS_AT_ONCE] for start in range(0, len(slots), SLOTS_AT_ONCE))


def _listed(reply: Reply) -> list[bytes]:
    assert isinstance(reply, list)
    return [each for each in reply if isinstance(each, bytes)]
