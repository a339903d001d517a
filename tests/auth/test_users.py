from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone

import msgspec
import pytest

from nself.auth.email_lists import EmailLists
from nself.auth.errors import AuthError
from nself.auth.users import User, UserChecks, gravatar
from tests.auth.conftest import settings_of
from tests.auth.test_access_tokens import ADA

CHECKS = UserChecks(EmailLists.from_settings(settings_of(AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS="evil.test")), True)


def refusal(user: User, **allowances: bool) -> str | None:
    try:
        CHECKS.check(user, **allowances)
    except AuthError as error:
        return str(error.code)
    return None


def test_reasons_come_in_their_order() -> None:
    worst = replace(ADA, email="ada@evil.test", disabled=True, email_verified=False, is_anonymous=True)
    assert refusal(worst) == "invalid-email-password"
    assert refusal(replace(worst, email="ada@example.com")) == "disabled-user"
    assert refusal(replace(worst, email="ada@example.com", disabled=False)) == "unverified-user"
    assert refusal(replace(ADA, is_anonymous=True)) == "forbidden-anonymous"
    assert refusal(ADA) is None


def test_allowances_are_for_their_reason_alone() -> None:
    assert refusal(replace(ADA, email_verified=False), unverified_ok=True) is None
    assert refusal(replace(ADA, is_anonymous=True), anonymous_ok=True) is None
    assert refusal(replace(ADA, disabled=True), unverified_ok=True, anonymous_ok=True) == "disabled-user"


def test_a_user_without_an_address_has_none_to_verify() -> None:
    assert refusal(replace(ADA, email=None, email_verified=False, phone_number="+1")) is None
    assert refusal(replace(ADA, email=None, disabled=True)) == "disabled-user"


def test_what_is_absent_is_left_out_and_times_are_utc() -> None:
    east = datetime(2026, 1, 2, 3, tzinfo=timezone(timedelta(hours=2)))
    shown = msgspec.to_builtins(replace(ADA, email=None, created_at=east).public())
    assert "email" not in shown and "phoneNumber" not in shown
    assert shown["createdAt"] == datetime(2026, 1, 2, 1, tzinfo=UTC).isoformat().replace("+00:00", "Z")
    assert shown["metadata"] is None and shown["activeMfaType"] is None
    assert shown.keys() & {"passwordHash", "newEmail", "disabled"} == set()


def test_a_user_does_not_show_the_password_in_logs() -> None:
    assert "secret" not in repr(ADA)


@pytest.mark.parametrize("email", ["MyEmailAddress@example.com", "myemailaddress@EXAMPLE.com"])
def test_pictures_are_asked_for_by_the_lower_case_address(email: str) -> None:
    url = gravatar(email, settings_of(AUTH_GRAVATAR_DEFAULT="404", AUTH_GRAVATAR_RATING="pg"))
    assert url == "https://www.gravatar.com/avatar/0bc83cb571cd1c50ba6f3e8a78ef1346?d=404&r=pg"


def test_pictures_can_be_left_out() -> None:
    assert gravatar("a@b.c", settings_of(AUTH_GRAVATAR_ENABLED="false")) == ""
