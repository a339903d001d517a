"""A provider's settings are written together, after its server took the account, and never with a word of it shown."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

from nself.actions import project as projects
from nself.actions.config.change import Target
from nself.actions.email import configure as action
from nself.actions.email.configure import Wish, account, configure
from nself.actions.email.outgoing import outgoing
from nself.actions.email.validate import validate
from nself.errors import ConfigError, NetworkError, UsageError
from nself.host import LocalHost
from tests.actions.email.conftest import PASSWORD, Serve, allowed
from tests.actions.places import written

OFFLINE = Wish(provider="postmark", user="token", password=PASSWORD, sender="shop@example.com", check=False)


@pytest.fixture
def target(tmp_path: Path) -> Target:
    written(tmp_path)
    return Target(directory=tmp_path, environ={}, host=LocalHost())


def env(target: Target, file: str = ".env") -> str:
    return (target.root / file).read_text()


def wish(**given: object) -> Wish:
    return Wish(**{"provider": "postmark", "sender": "shop@example.com", **given})  # type: ignore[arg-type]


def test_what_the_server_took_is_what_the_project_sends_through(
    target: Target, serve: Serve, tls: ssl.SSLContext
) -> None:
    server = serve(tls_context=tls, authenticator=allowed, auth_required=True)
    given = wish(provider="custom", host="localhost", port=server.port, user="shop", password=PASSWORD)
    done = configure(target, given)
    assert (done.checked, done.files, done.user) == (True, (".env",), "shop")
    found = outgoing(projects.load(target.root, {}), LocalHost(), {})
    assert (found.host, found.port, found.user, found.password) == ("localhost", server.port, "shop", PASSWORD)
    assert not configure(target, given).files


def test_what_the_server_refuses_is_not_written(target: Target, serve: Serve, tls: ssl.SSLContext) -> None:
    server = serve(tls_context=tls, authenticator=allowed, auth_required=True)
    before = env(target)
    with pytest.raises(NetworkError, match=r"auth: 535 .*; nothing was written") as caught:
        configure(target, wish(provider="custom", host="localhost", port=server.port, user="shop", password="wrong"))
    assert env(target) == before
    assert "wrong" not in caught.value.message


def test_outside_of_dev_the_password_goes_to_the_file_of_secrets(tmp_path: Path) -> None:
    written(tmp_path, {"ENV": "staging", "BASE_DOMAIN": "shop.example"})
    target = Target(directory=tmp_path, environ={}, host=LocalHost())
    done = configure(target, OFFLINE)
    assert (done.files, done.checked) == ((".env", ".env.secrets"), False)
    assert PASSWORD not in env(target)
    assert (tmp_path / ".env.secrets").stat().st_mode & 0o077 == 0


def test_a_new_sender_keeps_the_password_that_is_set(target: Target) -> None:
    configure(target, OFFLINE)
    configure(target, wish(user="token", sender="other@example.com", check=False))
    found = outgoing(projects.load(target.root, {}), LocalHost(), {})
    assert (found.sender, found.password) == ("other@example.com", PASSWORD)


def test_another_host_is_never_shown_the_password_of_the_one_before(target: Target) -> None:
    configure(target, OFFLINE)
    with pytest.raises(UsageError, match="apikey needs a password"):
        configure(target, wish(provider="sendgrid", check=False))


def test_the_way_back_is_the_inbox(target: Target) -> None:
    configure(target, OFFLINE)
    configure(target, Wish(provider="development"))
    assert outgoing(projects.load(target.root, {}), LocalHost(), {}).provider == "development"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"provider": "postmrak"}, "no preset is called 'postmrak'"),
        ({"user": None}, "postmark needs a user"),
        ({"user": "x"}, "x needs a password"),
        ({"provider": "aws-ses"}, "aws-ses needs a region"),
        ({"provider": "mailgun", "region": "mars"}, "no region 'mars'"),
        ({"provider": "gmail", "region": "eu"}, "no region 'eu'"),
        ({"provider": "custom"}, "custom needs a mail server"),
        ({"provider": "custom", "host": "a b"}, "is not a host name"),
        ({"provider": "custom", "host": "a\nAUTH_X=1"}, "is not a host name"),
        ({"provider": "postfix", "sender": "me"}, "'me' is not an address"),
        ({"provider": "postfix", "sender": "a@b.example\nBcc: x@y.example"}, "is not an address"),
        ({"provider": "postfix", "sender": None}, "localhost is no public domain"),
    ],
)
def test_what_is_missing_or_wrong_is_named_before_anything_is_asked(
    target: Target, given: dict[str, str | None], message: str
) -> None:
    before = env(target)
    with pytest.raises(UsageError, match=message):
        configure(target, wish(**given))
    assert env(target) == before


@pytest.mark.parametrize(
    ("given", "host", "port", "secure"),
    [
        ({"provider": "aws-ses", "region": "eu-west-1"}, "email-smtp.eu-west-1.amazonaws.com", 587, False),
        ({"provider": "mailgun", "region": "eu"}, "smtp.eu.mailgun.org", 587, False),
        ({"provider": "resend", "port": 465}, "smtp.resend.com", 465, True),
        ({"provider": "elastic-email"}, "smtp.elasticemail.com", 2525, False),
    ],
)
def test_a_preset_is_the_providers_own_host(
    target: Target, given: dict[str, object], host: str, port: int, secure: bool
) -> None:
    found = account(projects.load(target.root, {}), wish(user="u", password="p", **given))
    assert (found.host, found.port, found.secure) == (host, port, secure)


def test_a_mail_server_of_this_machine_is_not_localhost_in_a_container(tmp_path: Path) -> None:
    written(tmp_path)
    (tmp_path / "nself.yml").write_text('version: "1"\nruntime: compose\n')
    with pytest.raises(UsageError, match="localhost is the container itself"):
        account(projects.load(tmp_path, {}), wish(provider="postfix"))


def test_a_layer_that_says_otherwise_is_told(tmp_path: Path) -> None:
    written(tmp_path)
    target = Target(directory=tmp_path, environ={"AUTH_SMTP_HOST": "mail.example"}, host=LocalHost())
    with pytest.raises(ConfigError, match="process environment says otherwise of AUTH_SMTP_HOST"):
        configure(target, OFFLINE)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"AUTH_SMTP_USER": "<user>"}, "AUTH_SMTP_USER was never filled in"),
        ({"AUTH_SMTP_PASS": ""}, "AUTH_SMTP_PASS is not"),
        ({"AUTH_SMTP_USER": ""}, "nobody signs in"),
        ({"AUTH_SMTP_PORT": "465"}, "AUTH_SMTP_SECURE=true"),
        ({"AUTH_SMTP_SECURE": "true"}, "AUTH_SMTP_SECURE=false"),
        ({"AUTH_SMTP_SENDER": ""}, "mail from noreply@localhost is refused"),
        ({"AUTH_SMTP_SENDER": "me"}, "is not an address"),
        ({"MAILPIT_ENABLED": "false", "AUTH_SMTP_HOST": ""}, "can send no mail"),
    ],
)
def test_mistakes_are_found_without_asking_anybody(tmp_path: Path, settings: dict[str, str], problem: str) -> None:
    good = {
        "AUTH_SMTP_HOST": "smtp.example.com", "AUTH_SMTP_USER": "shop", "AUTH_SMTP_PASS": "a-good-password",
        "AUTH_SMTP_SENDER": "shop@example.com",
    }  # fmt: skip
    assert validate(written(tmp_path, good), LocalHost(), {}).valid
    (found,) = validate(written(tmp_path, good | settings), LocalHost(), {}).problems
    assert problem in found


def test_a_domain_of_nobody_is_not_public() -> None:
    assert [domain for domain in ("localhost", "x.local", "shop.example", "a.test") if action.is_public(domain)] == [
        "shop.example"
    ]
