"""`run_sql`: the administrator's SQL, with the metadata kept in step with what it does to the schema."""

from __future__ import annotations

from nself.graphql.metadata.command import Call, Command, Reply, source
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.run_sql import Wanted, run_sql


async def run(draft: Draft, call: Call) -> Reply:
    args = call.args
    source(args)
    flags = {
        key: flag.boolean() if flag else False
        for key in ("cascade", "read_only", "no_transaction")
        for flag in (args.get(key),)
    }
    check = args.get("check_metadata_consistency")
    wanted = Wanted(sql=args.at("sql").text(), check_consistency=check.boolean() if check else None, **flags)
    return await run_sql(draft, wanted, source=source(args))


COMMANDS = (Command(name="run_sql", run=run, of_source=False),)
