from __future__ import annotations

from tests.graphql.serving import ADMIN, Api, authors_and_articles, play


def test_health_warns_of_inconsistent_metadata_and_fails_only_when_strict(dsn: str) -> None:
    async def script(api: Api) -> None:
        async def health(path: str) -> tuple[int, str]:
            reply = await api.http.get(path)
            return reply.status_code, reply.text

        assert await health("/healthz") == await health("/hasura/healthz?strict=true") == (200, "OK")
        await authors_and_articles(api)
        await api.sql("ALTER TABLE article RENAME TO renamed", check_metadata_consistency=False)
        await api.metadata("reload_metadata", {})
        warned = "inconsistent objects in schema"
        assert await health("/healthz") == await health("/healthz?strict=false") == (200, f"WARN: {warned}")
        assert await health("/healthz?strict=true") == (500, f"ERROR: {warned}")

    play(dsn, script)


def test_the_configuration_is_for_the_administrator(dsn: str) -> None:
    async def script(api: Api) -> None:
        found = (await api.http.get("/v1alpha1/config", headers=ADMIN)).json()
        assert (found["is_admin_secret_set"], found["is_jwt_set"], found["jwt"]) == (True, False, [])
        assert found["is_allow_list_enabled"] is True
        refused = await api.http.get("/v1alpha1/config", headers={**ADMIN, "x-hasura-role": "user"})
        assert (refused.status_code, refused.json()["code"]) == (400, "access-denied")
        assert (await api.http.get("/v1alpha1/config")).status_code == 401
        assert ADMIN["x-hasura-admin-secret"] not in str(found)

    play(dsn, script, HASURA_GRAPHQL_ENABLE_ALLOWLIST="true")


def test_the_configuration_says_how_claims_are_found_but_not_the_key(dsn: str) -> None:
    secret = '{"type": "HS256", "key": "%s", "claims_namespace_path": "$.a"}' % ("k" * 32)

    async def script(api: Api) -> None:
        reply = await api.http.get("/v1alpha1/config", headers=ADMIN)
        claims = {"claims_namespace": None, "claims_namespace_path": "$.a", "claims_format": "json", "claims_map": None}
        assert reply.json()["jwt"] == [claims]
        assert "kkkk" not in reply.text

    play(dsn, script, HASURA_GRAPHQL_JWT_SECRET=secret)


def test_the_version_is_open_to_everybody(dsn: str) -> None:
    async def script(api: Api) -> None:
        found = (await api.http.get("/v1/version")).json()
        assert found["server_type"] == "ce"
        assert found["version"].startswith("v2.")

    play(dsn, script)


def test_apis_that_are_not_enabled_do_not_exist(dsn: str) -> None:
    async def script(api: Api) -> None:
        gone = {"path": "$", "error": "resource does not exist", "code": "not-found"}
        for path in ("/v1/graphql", "/v1alpha1/graphql", "/v1alpha1/pg_dump", "/v1/graphql/explain", "/nowhere"):
            reply = await api.post(path, {"query": "{ __typename }"})
            assert (reply.status_code, reply.json()) == (404, gone), path
        for path in ("/v1alpha1/config", "/dev/rts_stats", "/api/rest/x", "/v1/metadata"):
            reply = await api.http.get(path, headers=ADMIN)
            assert (reply.status_code, reply.json()) == (404, gone), path
        assert (await api.metadata("export_metadata", {}))["version"] == 3
        assert (await api.http.get("/v1/version")).status_code == 200

    play(dsn, script, HASURA_GRAPHQL_ENABLED_APIS="metadata")
