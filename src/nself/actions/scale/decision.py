"""How many replicas a load asks for, and whether to follow it now. Pure: figures in, a number and its reason out.

More is wanted at once and less only after a while: a replica too many costs a little, one too few costs answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

from nself.model.project import Autoscale

TOLERANCE = 0.1
"""So near to the threshold nothing changes: otherwise a load that hardly moves would move the replicas."""
OUT_PAUSE_S = 60.0
"""After a change, before more are added: what is new has to take its share first."""
IN_AFTER_S = 300.0
"""So long all that was asked for has to be less, before there is less. What was asked before a longer pause of the
controller counts no more."""


@dataclass(frozen=True, slots=True)
class Asked:
    """How many replicas the load asked for at a time."""

    at: float
    replicas: int


@dataclass(frozen=True, slots=True)
class Past:
    """What is remembered of one service: the last change, and what was asked for since."""

    changed_at: float = 0.0
    asked: tuple[Asked, ...] = ()


@dataclass(frozen=True, slots=True)
class Decision:
    """`replicas` is how many there are to be; `why` says it to a person."""

    replicas: int
    why: str


def needed(rule: Autoscale, replicas: int, used: float) -> int:
    """How many would each use as much as the threshold, when `replicas` use `used` percent of what they may."""
    ratio = used / rule.cpu_threshold
    count = replicas if abs(ratio - 1) <= TOLERANCE else ceil(replicas * ratio)
    return min(max(count, rule.min), rule.max)


def remember(past: Past, asked: Asked) -> Past:
    """With what is asked now, and of the rest what the window needs: the newest from before it, and all since."""
    before = past.asked if past.asked and asked.at - past.asked[-1].at <= IN_AFTER_S else ()
    start = asked.at - IN_AFTER_S
    older = [each for each in before if each.at <= start][-1:]
    return Past(past.changed_at, (*older, *(each for each in before if each.at > start), asked))


def decide(rule: Autoscale, replicas: int, used: float | None, past: Past, *, now: float) -> Decision:
    """`past` with what is asked for now; `used` None: nobody knows."""
    if not rule.min <= replicas <= rule.max:
        count = min(max(replicas, rule.min), rule.max)
        return Decision(count, f"{replicas} is not between {rule.min} and {rule.max}")
    if used is None:
        return Decision(replicas, "what it uses is not known")
    load = f"each uses {used:.0f} % of its CPU, {rule.cpu_threshold} % is wanted"
    asked = past.asked[-1].replicas
    if asked > replicas:
        left = past.changed_at + OUT_PAUSE_S - now
        if left > 0:
            return Decision(replicas, f"{load}: {asked} are too many to add so soon, in {left:.0f} s")
        return Decision(min(asked, 2 * replicas), load)
    if asked < replicas:
        return _less(replicas, past.asked, load, now)
    return Decision(replicas, load)


def _less(replicas: int, asked: Sequence[Asked], load: str, now: float) -> Decision:
    """The most that was asked for during the whole window."""
    most = max(each.replicas for each in asked)
    if asked[0].at > now - IN_AFTER_S:
        return Decision(replicas, f"{load}: less is enough, but not for {IN_AFTER_S:.0f} s yet")
    if most >= replicas:
        return Decision(replicas, f"{load}: {most} were needed within the last {IN_AFTER_S:.0f} s")
    return Decision(most, f"{load}, for {IN_AFTER_S:.0f} s now")
