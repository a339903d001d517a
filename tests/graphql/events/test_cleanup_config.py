"""What `cleanup_config` may say."""

from __future__ import annotations

from typing import Any

import pytest

from nself.graphql.errors import ApiError
from nself.graphql.events import cleanup_config
from nself.graphql.metadata.reader import Reader
from tests.graphql.serving import Api, play

Json = Any
NIGHTLY = {"schedule": "0 0 * * *"}


def test_what_is_not_said_is_as_with_hasura() -> None:
    found = cleanup_config.parsed(Reader(NIGHTLY))
    numbers = (found.batch_size, found.clear_older_than_h, found.timeout_s)
    assert (numbers, found.clean_invocation_logs, found.paused) == ((10000, 168, 60), False, False)


@pytest.mark.parametrize(
    ("change", "path", "message"),
    [
        ({"schedule": None}, "$.schedule", "parsing String failed, expected String, but encountered Null"),
        ({"schedule": "daily"}, "$.schedule", 'invalid cron expression "daily": expected 5 fields'),
        ({"schedule": "0 25 * * *"}, "$.schedule", "hour: '25' is not between 0 and 23"),
        ({"batch_size": 0}, "$.batch_size", "batch_size must be at least 1"),
        ({"batch_size": "10"}, "$.batch_size", "parsing Int failed, expected Int, but encountered String"),
        ({"clear_older_than": -1}, "$.clear_older_than", "unexpected negative value"),
        ({"timeout": 0}, "$.timeout", "timeout must be at least 1"),
        ({"clean_invocation_logs": 1}, "$.clean_invocation_logs", "expected Boolean"),
        ({"paused": "no"}, "$.paused", "expected Boolean"),
    ],
)
def test_what_is_refused(change: Json, path: str, message: str) -> None:
    with pytest.raises(ApiError) as caught:
        cleanup_config.parsed(Reader({**NIGHTLY, **change}))
    assert (caught.value.code, caught.value.path) == ("parse-failed", path)
    assert message in caught.value.message


def test_a_config_without_a_schedule_is_refused() -> None:
    with pytest.raises(ApiError, match='key "schedule" not found'):
        cleanup_config.parsed(Reader({"paused": True}))


def test_a_time_that_never_comes_is_refused_and_survives_in_what_is_stored(dsn: str) -> None:
    never = "0 0 31 2 *"
    trigger = {"name": "t", "table": "users", "webhook": "http://localhost", "insert": {"columns": "*"}}
    nightly = {"name": "c", "webhook": "http://localhost", "schedule": never, "include_in_metadata": True}

    async def script(api: Api) -> None:
        await api.sql("CREATE TABLE users (id int)")
        await api.metadata("pg_track_table", {"table": "users"})
        told = await api.refused("pg_create_event_trigger", {**trigger, "cleanup_config": {"schedule": never}})
        assert told[0] == "invalid-configuration"
        assert f"cleanup_config: the schedule {never} never comes: none of its months has such a day" in told[2]
        told = await api.refused("create_cron_trigger", nightly)
        assert told[0] == "invalid-configuration"
        assert told[2].endswith(f"the schedule {never} never comes: none of its months has such a day")
        document = {"version": 3, "sources": [], "cron_triggers": [nightly]}
        imported = await api.metadata(
            "replace_metadata", {"metadata": document, "allow_inconsistent_metadata": True}, version=2
        )
        assert imported["is_consistent"] is False
        assert (await api.metadata("get_cron_triggers", {}))["cron_triggers"][0]["schedule"] == never

    play(dsn, script)
