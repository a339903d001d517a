from __future__ import annotations

import pytest

from nself.auth.limits import RateLimits, buckets, network, seconds
from tests.auth.conftest import EMAIL, PASSWORD, Start, settings_of

BODY = {"email": EMAIL, "password": PASSWORD}
SIGN_UPS = {"AUTH_RATE_LIMIT_ENABLE": "true", "AUTH_RATE_LIMIT_SIGNUPS_BURST": "2"}


class Clock:
    """Time that moves when told to."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    build = RateLimits.__init__
    monkeypatch.setattr(RateLimits, "__init__", lambda self, *args: build(self, *args, clock=clock))
    return clock


def sign_ups(start: Start, count: int, **more: object) -> list[int]:
    api = start(**SIGN_UPS, **more)
    return [api.post("/signup/email-password", json={}).status_code for _ in range(count)]


def test_more_than_the_burst_is_refused_with_a_time_to_come_back(start: Start, clock: Clock) -> None:
    assert sign_ups(start, 2) == [400, 400]
    response = start(**SIGN_UPS).post("/signup/email-password", json=BODY)
    assert response.status_code == response.json()["status"] == 429
    assert response.json()["error"] == "too-many-requests"
    assert 0 < int(response.headers["Retry-After"]) <= 300


def test_workers_share_one_count(start: Start, clock: Clock) -> None:
    assert sign_ups(start, 2) + sign_ups(start, 1) == [400, 400, 429]


def test_each_client_has_a_count_of_its_own(start: Start, clock: Clock) -> None:
    assert sign_ups(start, 3, client=("192.0.2.1", 1)) == [400, 400, 429]
    assert sign_ups(start, 1, client=("192.0.2.2", 1)) == [400]


def test_sign_ups_do_not_eat_sign_in_attempts(start: Start, clock: Clock) -> None:
    assert sign_ups(start, 3)[-1] == 429
    assert start(**SIGN_UPS).post("/signin/email-password", json=BODY).status_code == 401


def test_the_window_slides(start: Start, clock: Clock) -> None:
    clock.now -= clock.now % 300
    assert sign_ups(start, 2) == [400, 400]
    clock.now += 300
    assert sign_ups(start, 1) == [429], "at the turn of the window the hits before it still weigh"
    clock.now += 300
    assert sign_ups(start, 3) == [400, 429, 429]
    clock.now += 600
    assert sign_ups(start, 2) == [400, 400]


def test_knocking_on_does_not_lock_a_client_out_for_longer(start: Start, clock: Clock) -> None:
    clock.now -= clock.now % 300
    sign_ups(start, 50)
    clock.now += 600
    assert sign_ups(start, 2) == [400, 400]


def test_nothing_is_limited_unless_asked(start: Start) -> None:
    api = start(AUTH_RATE_LIMIT_SIGNUPS_BURST="1")
    assert [api.post("/signup/email-password", json={}).status_code for _ in range(3)] == [400] * 3


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/version", ["global"]),
        ("/signin/email-password", ["global", "brute-force"]),
        ("/token/verify", ["global", "brute-force"]),
        ("/signup/email-password", ["global", "email", "signups"]),
        ("/user/password/reset", ["global", "email"]),
        ("/user/email/send-verification-email", ["global", "email"]),
    ],
)
def test_paths_count_in_their_buckets(path: str, names: list[str]) -> None:
    assert [bucket.name for bucket in buckets(settings_of()) if bucket.covers(path)] == names


def test_mails_that_are_not_sent_are_not_limited() -> None:
    settings = settings_of(AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="false")
    limited = {bucket.name for bucket in buckets(settings) if bucket.covers("/signup/email-password")}
    assert limited == {"global", "signups"}


def test_intervals_read_as_they_are_written() -> None:
    assert [seconds(text) for text in ("90s", "5m", "1h30m", "500ms")] == [90, 300, 5400, 0.5]


def test_a_household_is_one_client() -> None:
    assert network("2001:db8::1") == network("2001:db8::ffff") != network("2001:db8:0:1::1")
    assert network("192.0.2.1") != network("192.0.2.2")
    assert network("unix socket") == "unix socket"
