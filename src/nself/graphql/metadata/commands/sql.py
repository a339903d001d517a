"""`run_sql`: the administrator's SQL, with the metadata kept in step with what it does to the schema."""

from __future__ import annotations

from nself.graphql.metadata.command import Access, Call, Command, Reply, source
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.run_sql import Wanted, run_sql


async def run(draft: Draft, call: Call) -> Reply:
    return await run_sql(draft, _wanted(call), source=source(call.args))


def follows_schema(call: Call) -> bool:
    """A script without DDL does not wait for metadata changes under way, nor they for it."""
    return _wanted(call).follows_schema


def _wanted(call: Call) -> Wanted:
    flags = {
        key: flag.boolean() if flag else False
        for key in ("cascade", "read_only", "no_transaction")
        for flag in (call.args.get(key),)
    }
    check = call.args.get("check_metadata_consistency")
    return Wanted(sql=call.args.at("sql").text(), check_consistency=check.boolean() if check else None, **flags)


def access(call: Call) -> Access:
    return "read" if _wanted(call).read_only else "write"


COMMANDS = (Command(name="run_sql", run=run, changes=follows_schema, access=access),)
