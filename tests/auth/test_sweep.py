from __future__ import annotations

import asyncio

import pytest

from nself.auth import sweep
from nself.auth.store import Store
from nself.pg.database import Database
from tests.auth.conftest import Execute, Start, settings_of


def test_expired_rows_go_and_the_others_stay(start: Start, execute: Execute, auth_dsn: str) -> None:
    api = start(AUTH_REFRESH_TOKEN_GRACE="60", AUTH_RATE_LIMIT_ENABLE="true")
    kept, gone = api.session(), api.sign_in()
    api.ok("/token", {"refreshToken": gone["refreshToken"]})
    execute(f"UPDATE auth.refresh_tokens SET expires_at = now() WHERE id = '{gone['refreshTokenId']}'")
    execute("UPDATE auth.users SET ticket = 'verifyEmail:x', ticket_expires_at = now()")
    execute("UPDATE nself_auth.refresh_token_grace SET rotated_at = now() - interval '2 hours'")
    execute("UPDATE nself_auth.rate_limits SET updated_at = now() - interval '2 hours' WHERE key LIKE 'signups%'")

    async def go() -> tuple[int, int]:
        database = await Database.open(auth_dsn, name="test")
        try:
            return await Store(database, settings_of()).sweep(counters_after_s=3600)
        finally:
            await database.close()

    assert asyncio.run(go()) == (1, 1)
    assert [str(row["id"]) for row in execute("SELECT id FROM auth.refresh_tokens")] == [kept["refreshTokenId"]]
    assert execute("SELECT ticket FROM auth.users") == [{"ticket": None}]
    assert execute("SELECT * FROM nself_auth.refresh_token_grace") == []
    keys = {row["key"].split()[0] for row in execute("SELECT key FROM nself_auth.rate_limits")}
    assert keys == {"global", "brute-force"}


def test_a_day_without_a_database_does_not_end_it(caplog: pytest.LogCaptureFixture) -> None:
    class Flaky:
        days = 0

        async def sweep(self, *, counters_after_s: float) -> tuple[int, int]:
            self.days += 1
            if self.days == 1:
                raise ConnectionRefusedError
            if self.days == 3:
                raise asyncio.CancelledError
            return 1, 2

    with pytest.raises(asyncio.CancelledError):
        asyncio.run(sweep.daily(Flaky(), counters_after_s=1, every_s=0))  # type: ignore[arg-type]
    assert "expired tokens were not removed" in caplog.messages


def test_a_starting_server_sweeps(start: Start, execute: Execute) -> None:
    api = start()
    api.session()
    execute("UPDATE auth.refresh_tokens SET expires_at = now()")
    start()
    for _ in range(200):
        if not execute("SELECT 1 FROM auth.refresh_tokens"):
            return
    raise AssertionError("the expired token is still there")
