"""Daily removal of what has expired: refresh tokens, tickets, rate counters."""

from __future__ import annotations

import asyncio
import logging

from nself.auth.store import Store

log = logging.getLogger("nself.auth")
DAY_S = 24 * 3600.0


async def daily(store: Store, *, counters_after_s: float, every_s: float = DAY_S) -> None:
    """Runs until it is cancelled."""
    while True:
        try:
            tokens, tickets = await store.sweep(counters_after_s=counters_after_s)
            log.info("removed %d expired refresh tokens and %d expired tickets", tokens, tickets)
        except Exception:  # whatever a database that is away raises today, tomorrow is another day
            log.exception("expired tokens were not removed")
        await asyncio.sleep(every_s)
