"""Which files of a folder reach a build, as Docker's documentation of `.dockerignore` has it."""

from __future__ import annotations

import pytest

from nself.runtimes.compose.dockerignore import keeps_out


@pytest.mark.parametrize(
    ("rules", "path", "out"),
    [
        ("", ".env", False),
        (".env", ".env", True),
        (".env", ".env.local", False),
        (".env*", ".env.local", True),
        ("/.env*\n", ".env", True),
        ("./.env", ".env", True),
        ("# .env", ".env", False),
        (".env", "site/.env", False),
        ("**/.env", "site/deep/.env", True),
        ("**/.env", ".env", True),
        ("site", "site/.env", True),
        ("*/.env", "site/.env", True),
        ("*/.env", "site/deep/.env", False),
        ("**", ".env", True),
        ("**\n!app", ".env", True),
        ("**\n!app", "app/.env", False),
        ("*\n!.env", ".env", False),
        ("!.env\n*", ".env", True),
        (".en?", ".env", True),
        (".[a-e]nv", ".env", True),
        (r".e\nv", ".env", True),
        (".env(", ".env", False),
        ("  .env  ", ".env", True),
        (".nself/", ".nself", True),
    ],
)
def test_the_last_rule_that_means_a_path_decides(rules: str, path: str, out: bool) -> None:
    assert keeps_out(rules, path) is out
