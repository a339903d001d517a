"""What is known of mail accounts is told by the names of variables, without a value."""

from __future__ import annotations

from pathlib import Path

import pytest

from nself.actions.email import detect as action
from nself.actions.email.detect import Found, detect
from nself.actions.email.providers import PROVIDERS, Provider
from nself.host import LocalHost
from tests.actions.email.conftest import Serve
from tests.actions.places import written
from tests.cluster import free_port


@pytest.fixture(autouse=True)
def nobody_listens(monkeypatch: pytest.MonkeyPatch) -> None:
    listen(monkeypatch, free_port())


def listen(monkeypatch: pytest.MonkeyPatch, port: int) -> None:
    monkeypatch.setattr(action.providers, "POSTFIX", Provider(name="postfix", host="127.0.0.1", port=port))


def test_keys_and_hosts_are_found_where_they_stand(tmp_path: Path) -> None:
    project = written(tmp_path, {"SENDGRID_API_KEY": "SG.of-a-test", "MAIL_HOST": "mail.example.com"})
    found = detect(project, LocalHost(), {"RESEND_API_KEY": "re_of-a-test"})
    assert found.configured == "development"
    assert set(found.found) == {
        Found(provider="sendgrid", because="SENDGRID_API_KEY in .env"),
        Found(provider="resend", because="RESEND_API_KEY in the environment"),
        Found(provider="custom", because="MAIL_HOST in .env", host="mail.example.com"),
    }
    assert "of-a-test" not in repr(found)


def test_a_mail_server_of_this_machine_is_found(tmp_path: Path, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    listen(monkeypatch, serve().port)
    (found,) = detect(written(tmp_path), LocalHost(), {}).found
    assert (found.provider, found.host) == ("postfix", "127.0.0.1")


def test_a_project_that_can_send_none_says_so(tmp_path: Path) -> None:
    assert detect(written(tmp_path, {"MAILPIT_ENABLED": "false"}), LocalHost(), {}).configured is None


def test_every_key_belongs_to_a_provider_there_is() -> None:
    assert set(action.KEYS.values()) <= {each.name for each in PROVIDERS}
