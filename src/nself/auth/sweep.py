"""Daily removal of what has expired: refresh tokens, tickets, rate counters."""

from __future__ import annotations

import asyncio
import logging

from nself.auth.store import Store
from nself.pg.database import PostgresError

log = logging.getLogger("nself.auth")
DAY_S = 24 * 3600.0


async def daily(store: Store, *, counters_after_s: float, every_s: float = DAY_S) -> None:
    """Runs until it is cancelled. A database that is away today is asked again tomorrow."""
    while True:
        try:
            tokens, tickets = await store.sweep(counters_after_s=counters_after_s)
            log.info("removed %d expired refresh tokens and %d expired tickets", tokens, tickets)
        except (PostgresError, OSError) as error:
            log.warning("expired tokens were not removed: %s", error)
        await asyncio.sleep(every_s)
