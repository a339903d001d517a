"""Rate limits per client address.

Counted in an unlogged table: every worker of every replica shares it, where counters in memory would multiply each
limit by the number of processes. One small upsert a bucket, and only where AUTH_RATE_LIMIT_ENABLE asks for it.
"""

from __future__ import annotations

import ipaddress
import math
import re
import time
from collections.abc import Callable, Sequence

from nself.auth.access_tokens import Clock
from nself.auth.errors import AuthError, Code
from nself.auth.settings import AuthSettings
from nself.auth.store import Store
from nself.records import dataclass

_UNITS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0}
MAILS = frozenset({
    "/signin/passwordless/email",
    "/signin/otp/email",
    "/signup/passwordless/email",
    "/signup/otp/email",
    "/user/email/change",
    "/user/password/reset",
})  # fmt: skip
VERIFICATION_MAILS = frozenset({"/user/email/send-verification-email", "/signup/email-password", "/user/deanonymize"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Bucket:
    """`burst` requests in any `interval_s`, for the paths that `covers` names."""

    name: str
    burst: int
    interval_s: float
    covers: Callable[[str], bool]
    shared: bool = False


class RateLimits:
    """`clock` is for tests."""

    def __init__(self, settings: AuthSettings, store: Store, *, clock: Clock = time.time) -> None:
        self.buckets = buckets(settings) if settings.rate_limit_enabled else []
        self._store, self._clock = store, clock

    async def check(self, path: str, client: str) -> None:
        """Count this request everywhere it counts; AuthError 429 when one bucket is full. `path` has no prefix."""
        for bucket in self.buckets:
            if bucket.covers(path):
                await self._hit(bucket, "all" if bucket.shared else network(client))

    async def _hit(self, bucket: Bucket, who: str) -> None:
        now = self._clock()
        window, passed = divmod(now, bucket.interval_s)
        hits, previous = await self._store.count_hit(f"{bucket.name} {who}", int(window), bucket.burst)
        if hits + previous * (1 - passed / bucket.interval_s) > bucket.burst:
            raise AuthError(Code.TOO_MANY_REQUESTS, retry_after_s=math.ceil(bucket.interval_s - passed))


def buckets(settings: AuthSettings) -> list[Bucket]:
    """The limits of this installation. Each has a counter of its own: sign-ups do not eat sign-in attempts."""
    mails = MAILS | (VERIFICATION_MAILS if settings.email_verified_required else frozenset())
    return [
        Bucket(
            name="global",
            burst=settings.rate_limit_global_burst,
            interval_s=seconds(settings.rate_limit_global_interval),
            covers=lambda path: True,
        ),
        Bucket(
            name="email",
            burst=settings.rate_limit_email_burst,
            interval_s=seconds(settings.rate_limit_email_interval),
            covers=mails.__contains__,
            shared=settings.rate_limit_email_is_global,
        ),
        Bucket(
            name="brute-force",
            burst=settings.rate_limit_brute_force_burst,
            interval_s=seconds(settings.rate_limit_brute_force_interval),
            covers=lambda path: path.startswith(("/signin", "/elevate")) or path.endswith(("/verify", "/otp")),
        ),
        Bucket(
            name="signups",
            burst=settings.rate_limit_signups_burst,
            interval_s=seconds(settings.rate_limit_signups_interval),
            covers=lambda path: path.startswith("/signup"),
        ),
    ]


def longest(limits: Sequence[Bucket]) -> float:
    """After twice this long no counter matters any more."""
    return max((bucket.interval_s for bucket in limits), default=0.0)


def seconds(text: str) -> float:
    """`1h30m` -> 5400."""
    return sum(int(number) * _UNITS[unit] for number, unit in re.findall(r"(\d+)(ms|s|m|h)", text)) or 1.0


def network(client: str) -> str:
    """One household is one client: IPv6 hands every one of them a /64 to draw addresses from."""
    try:
        address = ipaddress.ip_address(client)
    except ValueError:
        return client
    return str(ipaddress.ip_network((address, 64), strict=False)) if address.version == 6 else str(address)
