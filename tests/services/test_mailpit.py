"""Mailpit under the inbox's name: nobody who sends or looks must notice."""

from __future__ import annotations

from nself.model.project import Environment
from nself.services import catalogue
from tests.services.projects import network, project, spec

MAILPIT = {"MAIL_ENGINE": "mailpit"}


def test_name_ports_and_host_are_those_of_our_inbox() -> None:
    ours, theirs = spec(project(), "mail"), spec(project(values=MAILPIT), "mail")
    assert (theirs.ports, theirs.routes, theirs.probe) == (ours.ports, ours.routes, ours.probe)
    assert theirs.server is None
    assert theirs.env["MP_SMTP_BIND_ADDR"] == "127.0.0.1:1025"
    auth = spec(project(values=MAILPIT), "auth")
    assert (auth.env["AUTH_SMTP_HOST"], auth.env["AUTH_SMTP_PORT"]) == ("127.0.0.1", "1025")


def test_it_keeps_the_limits_that_ours_has() -> None:
    found = spec(project(values={**MAILPIT, "MAILPIT_MAX_MESSAGES": "7", "MAILPIT_MAX_RECIPIENTS": "3"}), "mail")
    assert (found.env["MP_MAX_MESSAGES"], found.env["MP_SMTP_MAX_RECIPIENTS"]) == ("7", "3")


def test_it_is_never_in_production() -> None:
    of = project(values={**MAILPIT, "MAILPIT_ENABLED": "true"}, env=Environment.PROD)
    assert "mail" not in [each.name for each in catalogue.specs(of, network(of))]
