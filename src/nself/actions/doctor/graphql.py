"""What the running GraphQL service does not serve, and which events it could not deliver."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from nself.actions.database import hasura
from nself.actions.doctor.check import Check, Fix, Patient, State, passed
from nself.actions.stack import Stack, open_stack
from nself.errors import NetworkError, NselfError
from nself.services import graphql

CATEGORY = "graphql"
_EVENTS: Final = "SELECT to_regclass('hdb_catalog.event_log') IS NOT NULL"
_GIVEN_UP: Final = "SELECT count(*) FROM hdb_catalog.event_log WHERE error AND NOT archived"


def checks(patient: Patient) -> Iterator[Check]:
    if patient.project is None:
        return
    try:
        opened = open_stack(patient.project, patient.host, patient.environ)
        if not any(spec.name == graphql.NAME for spec in opened.runtime.specs):
            return
        opened.refuse_stopped()
        inconsistent = hasura.metadata(opened, {"type": "get_inconsistent_metadata", "args": {}})
    except NetworkError as error:
        yield Check(id="metadata", category=CATEGORY, status=State.SKIP, message=error.message)
        return
    except NselfError:
        return  # no stack to ask: the other categories say why
    yield _metadata(len(inconsistent["inconsistent_objects"]))
    yield _events(opened)


def _metadata(left_out: int) -> Check:
    if not left_out:
        return passed("metadata", CATEGORY, "everything in the metadata is served")
    message = f"objects of the metadata that cannot be served and are left out: {left_out}"
    fix = Fix(command="nself db metadata reload")
    return Check(id="metadata", category=CATEGORY, status=State.WARN, message=message, fix=fix)


def _events(opened: Stack) -> Check:
    """Those of the project's own database; events that are still being tried are no trouble."""
    failed = 0
    if hasura.rows(opened, _EVENTS) == [["t"]]:
        [[text]] = hasura.rows(opened, _GIVEN_UP)
        failed = int(text)
    if not failed:
        return passed("events", CATEGORY, "no event was given up")
    message = f"events that no webhook took, given up after the last retry: {failed}"
    fix = Fix(command="nself logs graphql")
    return Check(id="events", category=CATEGORY, status=State.WARN, message=message, fix=fix)
