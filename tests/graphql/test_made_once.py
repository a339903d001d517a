from __future__ import annotations

import threading

from nself.graphql.made_once import MadeOnce


class Thing:
    def __init__(self, wait: threading.Event | None = None) -> None:
        self.made, self._wait = 0, wait

    @MadeOnce
    def value(self) -> int:
        """The answer."""
        if self._wait:
            assert self._wait.wait(60)
        self.made += 1
        return 42


def test_it_is_made_when_looked_at_and_not_again() -> None:
    thing = Thing()
    assert thing.made == 0
    assert (thing.value, thing.value, thing.made) == (42, 42, 1)


def test_one_that_takes_long_does_not_hold_up_another() -> None:
    """functools.cached_property of Python 3.11 would."""
    done = threading.Event()
    slow = Thing(done)
    thread = threading.Thread(target=lambda: slow.value)
    thread.start()
    assert Thing().value == 42
    done.set()
    thread.join()
    assert slow.made == 1
