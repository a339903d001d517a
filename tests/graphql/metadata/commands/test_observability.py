from __future__ import annotations

from typing import Any

from tests.graphql.serving import Api, play


async def whole(api: Api) -> Any:
    return (await api.metadata("export_metadata", {}, version=2))["metadata"]


def test_settings_are_given_back_with_the_metadata(dsn: str) -> None:
    async def script(api: Api) -> None:
        metrics = {"analyze_query_variables": True, "analyze_response_body": False}
        telemetry = {"status": "enabled", "data_types": ["traces"], "exporter_otlp": {"headers": []}}
        await api.metadata("set_metrics_config", metrics)
        await api.metadata("set_opentelemetry_config", telemetry)
        await api.metadata("set_opentelemetry_status", {"status": "disabled"})
        kept = await whole(api)
        assert kept["metrics_config"] == metrics
        assert kept["opentelemetry"] == {**telemetry, "status": "disabled"}
        for kind, args, path in (
            ("set_metrics_config", {"analyze_query_variables": True}, "$.args"),
            ("set_opentelemetry_config", {"status": "sometimes"}, "$.status"),
            ("set_opentelemetry_config", {"status": "enabled", "data_types": "traces"}, "$.data_types"),
        ):
            code, where, _ = await api.refused(kind, args)
            assert (code, where) == ("parse-failed", path)

    play(dsn, script)


def test_hosts_come_and_go(dsn: str) -> None:
    async def script(api: Api) -> None:
        host = {"host": "hooks.internal", "suffix": "8443"}
        await api.metadata("add_host_to_tls_allowlist", {**host, "permissions": ["self-signed"]})
        assert (await whole(api))["network"] == {"tls_allowlist": [{**host, "permissions": ["self-signed"]}]}
        assert (await api.refused("add_host_to_tls_allowlist", host))[0] == "already-exists"
        assert (await api.refused("drop_host_from_tls_allowlist", {"host": "hooks.internal"}))[0] == "not-found"
        await api.metadata("drop_host_from_tls_allowlist", host)
        assert "network" not in await whole(api)
        await api.metadata("add_host_to_tls_allowlist", "plain.test")
        assert (await whole(api))["network"] == {"tls_allowlist": [{"host": "plain.test"}]}
        anything = {"host": "a", "permissions": ["anything"]}
        assert (await api.refused("add_host_to_tls_allowlist", anything))[1] == "$.permissions[0]"
        assert (await api.refused("add_host_to_tls_allowlist", {"host": ""}))[1:] == (
            "$.host",
            "empty string not allowed",
        )

    play(dsn, script)
