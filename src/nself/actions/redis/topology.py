"""Nodes of Redis brought to one cluster: they know each other, every slot has its master, every master its replicas.

All of it may be done again at any time, and goes on where an earlier try ended.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping, Sequence
from functools import cached_property

from nself.actions.redis import moving
from nself.actions.redis import slots as shares
from nself.actions.redis.members import Member, text, tolerating, wait_for
from nself.actions.redis.view import SLOTS, Known, ranges
from nself.errors import NselfError
from nself.events import Emit, Note
from nself.records import dataclass

AGAIN_S = 2.0
"""A node that has not answered by then is introduced once more."""
STATUS = ("nself scale redis status", "nself start")


@dataclass(kw_only=True)
class Cluster:
    """`members` are all that run, in the order of their numbers: the first `staying` of them are wanted."""

    members: Sequence[Member]
    staying: int
    masters: int
    password: str
    emit: Emit
    wait_s: float

    @cached_property
    def stay(self) -> Sequence[Member]:
        return self.members[: self.staying]

    def form(self, *, even: bool) -> None:
        """`even`: every master gets its share of the slots. Without it that is so only where one has none yet."""
        self._clear()
        self.join()
        self.forget_gone()
        self._adopt()
        # Before that none of them takes a key.
        self.verify()
        self._finish()
        self._spread(even=even)
        self._follow()
        self._dismiss()
        self.forget_gone()
        self.verify()

    def _clear(self) -> None:
        """A node that knows no other has nothing to bring along, the first excepted. One that goes is nobody's replica
        meanwhile, which would copy what it has just given away."""
        for member in self.members[1:]:
            if len(member.view()) > 1:
                continue
            if keys := member.keys():
                raise NselfError(
                    f"{member.name} has {keys} keys from another time, and is in no cluster yet",
                    fixes=[f"nself exec {member.name} redis-cli FLUSHALL, if nobody misses them"],
                )
            if member.itself().slots:
                member.reset("HARD")
        for member in self.members[self.staying :]:
            member.call("CONFIG", "SET", "cluster-allow-replica-migration", "no")

    def join(self) -> None:
        """All know all, at the addresses they have now: of containers made anew those have changed."""
        asked: dict[tuple[str, str], float] = {}

        def amiss() -> str:
            views = {each.id: each.view() for each in self.members}
            apart = [(a, b) for a in self.members for b in self.members if not _knows(views[a.id], views[b.id][b.id])]
            for a, b in apart:
                if time.monotonic() - asked.get((a.name, b.name), -AGAIN_S) >= AGAIN_S:
                    asked[a.name, b.name] = time.monotonic()
                    a.call("CLUSTER", "MEET", b.inside.host, b.inside.port, b.bus)
            if apart:
                a, b = apart[0]
                found = views[a.id].get(b.id)
                return f"{b.name} has not joined the cluster: {a.name} {_told(found)}"
            return "the nodes do not agree on who has which slots" if _differ(views.values()) else ""

        wait_for(amiss, self.wait_s, fixes=[f"nself logs {self.members[-1].name}", *STATUS])

    def forget_gone(self) -> None:
        """Nodes that are none of ours any more. What one of them had must have come to its replica first."""
        ours = {each.id for each in self.members}

        def amiss() -> str:
            strangers = [known for each in self.members for id, known in each.view().items() if id not in ours]
            lost = {slot for known in strangers for slot in known.slots}
            return f"{_shown(lost)} belong to a node whose data is gone" if lost else ""

        repair = "redis-cli --cluster fix 127.0.0.1:6379 --cluster-yes gives those slots to others, without their keys"
        wait_for(amiss, self.wait_s, fixes=["start the node that has them", f"nself exec redis: {repair}"])
        for member in self.members:
            for id in member.view().keys() - ours:
                with tolerating("Unknown node", "forget my master", "forget my primary"):
                    member.call("CLUSTER", "FORGET", id)

    def _finish(self) -> None:
        """What an earlier try left half moved."""
        by_name = {each.name: each for each in self.members}
        found = moving.unfinished(self.members)
        if found:
            self.emit(Note(f"going on with {len(found)} slots that were on their way"))
        for move in found:
            if move.source == move.target:
                moving.assign(by_name[move.target], move.slots, self.members)
            else:
                moving.move(by_name[move.source], by_name[move.target], move.slots, self.password)

    def _adopt(self) -> None:
        """Slots that nobody has go to a master that has some: at first to the first node, which has the keys."""
        owned = self._owned()
        free = set(range(SLOTS)) - {slot for slots in owned.values() for slot in slots}
        if free:
            owner = next((each for each in self.members if owned[each.name]), self.members[0])
            words = [number for pair in ranges(free) for number in pair]
            owner.call("CLUSTER", "ADDSLOTSRANGE", *words)
            self.join()

    def _spread(self, *, even: bool) -> None:
        owned = self._owned()
        masters = self._masters(owned)
        names = [each.name for each in masters]
        if not even and {name for name, slots in owned.items() if slots} == set(names):
            return
        self._share_functions(masters)
        by_name = {each.name: each for each in self.members}
        for move in shares.plan(names, owned):
            self.emit(Note(f"moving {len(move.slots)} slots from {move.source} to {move.target}"))
            moving.move(by_name[move.source], by_name[move.target], move.slots, self.password)

    def _masters(self, owned: Mapping[str, Collection[int]]) -> list[Member]:
        """Those that have slots, then those that are empty, then replicas: these have to begin anew for it."""
        found = {each.name: each.itself() for each in self.stay}

        def rank(member: Member) -> int:
            return 0 if owned[member.name] else 1 if found[member.name].is_master else 2

        chosen = sorted(self.stay, key=rank)[: self.masters]
        for member in chosen:
            if rank(member) == 2:
                self.emit(Note(f"{member.name} becomes a master"))
                member.reset("SOFT")
        self.join()
        return [each for each in self.stay if each in chosen]

    def _share_functions(self, masters: Sequence[Member]) -> None:
        """Functions are no keys: every master has them all."""
        source = next(each for each in self.members if self._owned()[each.name])
        dump = source.call("FUNCTION", "DUMP")
        assert isinstance(dump, bytes)
        for each in masters:
            if each is not source and each.call("FUNCTION", "DUMP") != dump:
                each.call("FUNCTION", "RESTORE", dump, "REPLACE")

    def _follow(self) -> None:
        """The nodes that stay and have no slots are replicas, as many of each master as of the others."""
        owned = self._owned()
        masters = {each.id: each for each in self.stay if owned[each.name]}
        replicas = [each for each in self.stay if not owned[each.name]]
        following = {each.name: each.itself().master or "" for each in replicas}
        count = {id: list(following.values()).count(id) for id in masters}
        for each in replicas:
            before, least = following[each.name], min(count, key=lambda id: count[id])
            if before in count and count[before] - count[least] <= 1:
                continue
            each.call("CLUSTER", "REPLICATE", least)
            count[least] += 1
            if before in count:
                count[before] -= 1
        wait_for(lambda: _behind(replicas), self.wait_s, fixes=STATUS)

    def _dismiss(self) -> None:
        """Those that do not stay: they have no slots and no keys any more, and nobody knows them."""
        for gone in self.members[self.staying :]:
            for member in self.stay:
                with tolerating("Unknown node"):
                    member.call("CLUSTER", "FORGET", gone.id)
        for gone in self.members[self.staying :]:
            gone.reset("HARD")
        self.members = self.stay

    def verify(self) -> None:
        """Every node says that all is well, and that all slots have their master."""

        def amiss() -> str:
            for each in self.members:
                said = each.state()
                if said["cluster_state"] != "ok" or said["cluster_slots_ok"] != str(SLOTS):
                    return f"{each.name} says {said['cluster_state']}, with {said['cluster_slots_ok']} of {SLOTS} slots"
            return ""

        wait_for(amiss, self.wait_s, fixes=STATUS)

    def _owned(self) -> dict[str, frozenset[int]]:
        return {each.name: each.itself().slots for each in self.members}


def _knows(seen: Mapping[str, Known], other: Known) -> bool:
    """As what it says it is, too."""
    found = seen.get(other.id)
    return found is not None and found.well and found.is_master == other.is_master


def _told(found: Known | None) -> str:
    if found is None:
        return "has not heard of it"
    return (
        f"says {','.join(sorted(found.flags))}, {'connected' if found.linked else 'not connected'} at {found.address}"
    )


def _differ(views: Collection[Mapping[str, Known]]) -> bool:
    return len({frozenset((id, known.slots) for id, known in seen.items() if known.slots) for seen in views}) > 1


def _behind(replicas: Sequence[Member]) -> str:
    for each in replicas:
        role = each.call("ROLE")
        assert isinstance(role, list)
        if text(role[0]) != "slave" or text(role[3]) != "connected":
            return f"{each.name} has not got its master's keys: {text(role[3]) if len(role) > 3 else text(role[0])}"
    return ""


def _shown(lost: Collection[int]) -> str:
    return "slots " + ", ".join(f"{first}-{last}" for first, last in ranges(lost))
