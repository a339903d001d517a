"""Which mail server a project sends through."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions import project as projects
from nself.actions.email import check, configuration, outgoing, providers, send
from nself.actions.stack import NotRunningError
from nself.errors import ConfigError, UsageError
from nself.host import LocalHost
from tests.actions.email.conftest import Serve
from tests.actions.places import written

OWN = {"AUTH_SMTP_HOST": "smtp.postmarkapp.com", "AUTH_SMTP_USER": "shop", "AUTH_SMTP_PASS": "s3cret-of-a-test"}


def test_in_dev_mail_goes_to_the_inbox_where_this_machine_reaches_it(tmp_path: Path) -> None:
    project = written(tmp_path)
    found = outgoing.outgoing(project, LocalHost(), {})
    assert (found.provider, found.ours, found.host) == ("development", True, "127.0.0.1")
    assert str(found.port) == project.values["MAILPIT_SMTP_PORT"].text


def test_a_provider_is_known_by_its_host_and_the_password_is_not_shown(tmp_path: Path) -> None:
    found = outgoing.outgoing(written(tmp_path, OWN), LocalHost(), {})
    assert (found.provider, found.ours, found.user) == ("postmark", False, "shop")
    assert "s3cret-of-a-test" not in repr(found)


def test_a_project_that_can_send_no_mail_is_told_how_it_could(tmp_path: Path) -> None:
    project = written(tmp_path, {"MAILPIT_ENABLED": "false"})
    with pytest.raises(ConfigError, match="can send no mail"):
        outgoing.outgoing(project, LocalHost(), {})
    found = configuration.state(project, LocalHost(), {})
    assert (found.provider, found.reachable) == (None, False)


def test_the_state_of_a_server_that_is_down_names_the_step(tmp_path: Path) -> None:
    down = {**OWN, "AUTH_SMTP_HOST": "127.0.0.1", "AUTH_SMTP_PORT": "9"}
    found = configuration.state(written(tmp_path, down), LocalHost(), {})
    assert not found.reachable
    assert (found.reason or "").startswith("tcp: ")


def test_who_listens_at_the_inboxs_port_while_the_project_is_down_is_not_asked(tmp_path: Path, serve: Serve) -> None:
    project = written(tmp_path, {"MAILPIT_SMTP_PORT": str(serve().port)})
    found = configuration.state(project, LocalHost(), {})
    assert (found.reachable, found.reason) == (False, "nothing of this project runs")
    for ask in (check.check, send.send):
        with pytest.raises(NotRunningError):
            ask(project, LocalHost(), {})


def test_the_configuration_masks_the_password_and_names_the_line(tmp_path: Path) -> None:
    written(tmp_path, OWN)
    found = {each.key: each for each in configuration.configuration(projects.inspect(tmp_path, {})).settings}
    assert (found["AUTH_SMTP_HOST"].source or "").startswith(".env:")
    assert "s3cret-of-a-test" not in found["AUTH_SMTP_PASS"].value
    assert found["AUTH_SMTP_PORT"].source is None


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("smtp.sendgrid.net", "sendgrid"),
        ("email-smtp.eu-west-1.amazonaws.com", "aws-ses"),
        ("smtp.eu.mailgun.org", "mailgun"),
        ("mail.example.com", "custom"),
        ("evil-postmarkapp.com", "custom"),
    ],
)
def test_hosts_tell_providers(host: str, name: str) -> None:
    assert providers.named(host) == name


def test_every_preset_is_complete_enough_to_paste() -> None:
    for provider in providers.PROVIDERS:
        assert providers.named(provider.host.replace("<region>", "eu-west-1")) == provider.name
        assert providers.settings(provider)["AUTH_SMTP_HOST"] == provider.host


@pytest.mark.parametrize("address", ["foo", "a b@example.com", "a@b@c", "Ada <ada@example.com>", "a@b\r\nBcc: c@d"])
def test_what_is_no_address_is_not_sent_to(tmp_path: Path, address: str) -> None:
    with pytest.raises(UsageError, match="not an address"):
        send.send(written(tmp_path), LocalHost(), {}, address)


def test_someone_elses_server_wants_an_address(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="name an address"):
        send.send(written(tmp_path, OWN), LocalHost(), {})
