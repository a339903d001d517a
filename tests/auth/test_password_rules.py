from __future__ import annotations

import asyncio

import httpx
import pytest

from nself.auth.errors import AuthError
from nself.auth.password_rules import PasswordRules
from nself.errors import NetworkError

# SHA-1 of "password"
PREFIX, TAIL = "5BAA6", "1E4C9B93F3F0682250B6CF8331B7EE68FD8"


def check(password: str, *answers: httpx.Response) -> list[str]:
    """The paths asked for while checking; raises what the check raises."""
    asked, left = [], list(answers)

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.path)
        return left.pop(0)

    async def go() -> None:
        async with httpx.AsyncClient(transport=httpx.MockTransport(answer), base_url="https://leaks.test") as client:
            await PasswordRules(3, client).check(password)

    asyncio.run(go())
    return asked


def test_a_leaked_password_is_refused() -> None:
    with pytest.raises(AuthError) as refused:
        check("password", httpx.Response(200, text=f"{'0' * 35}:3\r\n{TAIL}:42\r\n"))
    assert refused.value.code == "password-in-hibp-database"


def test_others_pass_and_only_a_prefix_leaves_the_machine() -> None:
    assert check("password", httpx.Response(200, text=f"{TAIL}:0\r\n{'F' * 35}:1")) == [f"/range/{PREFIX}"]


def test_a_busy_service_is_asked_three_times(monkeypatch: pytest.MonkeyPatch) -> None:
    waits: list[float] = []

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    monkeypatch.setattr(asyncio, "sleep", sleep)
    assert len(check("password", httpx.Response(429), httpx.Response(429), httpx.Response(200))) == 3
    with pytest.raises(NetworkError):
        check("password", *[httpx.Response(429)] * 3)
    assert waits[:2] == [1, 2]


def test_a_short_password_is_not_even_looked_up() -> None:
    with pytest.raises(AuthError, match="too short"):
        check("pw")
