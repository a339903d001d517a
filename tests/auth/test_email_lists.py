from __future__ import annotations

import pytest

from nself.auth.email_lists import EmailLists
from tests.auth.conftest import settings_of

NAME = "AUTH_ACCESS_CONTROL_"


@pytest.mark.parametrize(
    ("lists", "email", "allowed"),
    [
        ({}, "a@b.c", True),
        ({"BLOCKED_EMAILS": "A@b.c"}, "a@B.c", False),
        ({"BLOCKED_EMAILS": "a@b.c", "ALLOWED_EMAILS": "a@b.c"}, "a@b.c", False),
        ({"ALLOWED_EMAILS": "a@b.c", "BLOCKED_EMAIL_DOMAINS": "b.c"}, "a@b.c", True),
        ({"ALLOWED_EMAIL_DOMAINS": "b.c", "BLOCKED_EMAIL_DOMAINS": "b.c"}, "a@b.c", False),
        ({"ALLOWED_EMAIL_DOMAINS": "B.C"}, "a@b.c", True),
        ({"ALLOWED_EMAIL_DOMAINS": "b.c"}, "a@sub.b.c", False),
        ({"ALLOWED_EMAIL_DOMAINS": "b.c"}, "a@evil.test", False),
        ({"ALLOWED_EMAILS": "a@b.c"}, "x@b.c", False),
        ({"BLOCKED_EMAIL_DOMAINS": "b.c"}, "a@sub.b.c", True),
    ],
)
def test_the_first_list_that_names_an_address_decides(lists: dict[str, str], email: str, allowed: bool) -> None:
    settings = settings_of(**{NAME + name: value for name, value in lists.items()})
    assert EmailLists.from_settings(settings).allow(email) is allowed
