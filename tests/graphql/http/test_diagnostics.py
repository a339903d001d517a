from __future__ import annotations

from tests.graphql.serving import ADMIN, Api, authors_and_articles, play


def test_diagnostics_are_for_the_administrator(dsn: str) -> None:
    async def script(api: Api) -> None:
        await authors_and_articles(api)
        await api.graphql("{ article { id } }")
        plans = (await api.http.get("/dev/plan_cache", headers=ADMIN)).json()
        assert plans == {"operations": 1, "plans": 1}
        assert (await api.http.get("/dev/rts_stats", headers=ADMIN)).json()["tasks"] > 0
        assert (await api.http.get("/dev/metadata", headers=ADMIN)).json()["inconsistent_objects"] == 0
        assert (await api.http.get("/dev/nothing", headers=ADMIN)).status_code == 404
        refused = await api.http.get("/dev/plan_cache", headers={**ADMIN, "x-hasura-role": "user"})
        assert (refused.status_code, refused.json()["code"]) == (400, "access-denied")
        assert (await api.http.get("/dev/plan_cache")).status_code == 401

    play(dsn, script)
