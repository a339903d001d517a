from __future__ import annotations

from nself.graphql.admission.rate import RateLimiter


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_as_many_as_allowed_pass_in_a_minute_and_clients_do_not_share() -> None:
    limiter = RateLimiter(Clock())
    assert [limiter.allows("a", 2) for _ in range(3)] == [True, True, False]
    assert limiter.allows("b", 2)
    assert not limiter.allows("c", 0)


def test_the_window_slides_instead_of_starting_anew() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    assert all(limiter.allows("a", 10) for _ in range(10))
    clock.now += 60
    assert not limiter.allows("a", 10)
    clock.now += 30
    assert sum(limiter.allows("a", 10) for _ in range(10)) == 5
    clock.now += 120
    assert all(limiter.allows("a", 10) for _ in range(10))


def test_what_is_refused_does_not_count() -> None:
    clock = Clock()
    limiter = RateLimiter(clock)
    assert limiter.allows("a", 1)
    for _ in range(100):
        assert not limiter.allows("a", 1)
    clock.now += 120
    assert limiter.allows("a", 1)


def test_memory_is_bounded_whoever_asks() -> None:
    limiter = RateLimiter(Clock(), most=10)
    for number in range(1000):
        limiter.allows(number, 1)
        assert not limiter.allows(number, 1)
    assert len(limiter._counts) == 10
