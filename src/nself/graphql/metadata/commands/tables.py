"""Tracking tables and saying how they show: names, enums."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from nself.graphql.errors import ApiError
from nself.graphql.metadata import dependencies, edit, parse
from nself.graphql.metadata.command import SUCCESS, Call, Command, Reply, source
from nself.graphql.metadata.live import Draft
from nself.graphql.metadata.model import TableConfig, TrackedTable
from nself.graphql.metadata.reader import Reader
from nself.pg.catalog import Name


async def track(draft: Draft, call: Call) -> Reply:
    await _track(draft, _as_object(call.args))
    return SUCCESS


async def track_many(draft: Draft, call: Call) -> Reply:
    return await _each(call, lambda item: _track(draft, item))


async def _each(call: Call, act: Callable[[Reader], Awaitable[None]]) -> Reply:
    """All tables or, with `allow_warnings`, as many as it works for."""
    warnings = []
    allow = call.args.get("allow_warnings")
    for item in call.args.at("tables").items():
        try:
            await act(item)
        except ApiError as error:
            if not (allow and allow.boolean()):
                raise
            warnings.append({"code": error.code, "message": error.message, "name": str(_table(item))})
    return {**SUCCESS, "warnings": warnings} if warnings else SUCCESS


async def untrack(draft: Draft, call: Call) -> Reply:
    _untrack(draft, _as_object(call.args))
    return SUCCESS


async def untrack_many(draft: Draft, call: Call) -> Reply:
    async def act(item: Reader) -> None:
        _untrack(draft, item)

    return await _each(call, act)


async def set_customization(draft: Draft, call: Call) -> Reply:
    _configure(draft, call.args, parse.config(call.args.get("configuration")))
    return SUCCESS


async def set_custom_fields(draft: Draft, call: Call) -> Reply:
    """The older spelling: root fields and column names beside the table."""
    known = {key: value for key, value in call.args.object().items() if key.startswith("custom_")}
    _configure(draft, call.args, parse.config(Reader(known)))
    return SUCCESS


async def set_is_enum(draft: Draft, call: Call) -> Reply:
    where, table = source(call.args), _table(call.args)
    wanted = call.args.at("is_enum").boolean()
    tracked = edit.table_of(draft.metadata, where, table)
    draft.replace(
        edit.put_table(draft.metadata, where, replace(tracked, is_enum=wanted)), subject=_subject(where, table)
    )
    return SUCCESS


async def set_apollo_federation(draft: Draft, call: Call) -> Reply:
    where, table, wanted = source(call.args), _table(call.args), call.args.get("apollo_federation_config")
    others = {
        key: value for key, value in edit.table_of(draft.metadata, where, table).rest.items() if key != _FEDERATION
    }
    rest = {**others, _FEDERATION: wanted.object()} if wanted else others
    draft.replace(edit.change_table(draft.metadata, where, table, lambda tracked: replace(tracked, rest=rest)))
    return SUCCESS


_FEDERATION = "apollo_federation_config"


async def _track(draft: Draft, args: Reader) -> None:
    where, table = source(args), _table(args)
    if table in edit.source_of(draft.metadata, where).tables:
        raise ApiError("already-tracked", f'view/table already tracked: "{table}"', path="$.args")
    if table not in draft.engine.catalog_of(where).tables:
        await draft.refresh()
    is_enum, federation = args.get("is_enum"), args.get(_FEDERATION)
    tracked = TrackedTable(
        table=table,
        is_enum=is_enum.boolean() if is_enum else False,
        config=parse.config(args.get("configuration")),
        rest={_FEDERATION: federation.object()} if federation else {},
    )
    draft.replace(edit.put_table(draft.metadata, where, tracked), subject=_subject(where, table))


def _untrack(draft: Draft, args: Reader) -> None:
    where, table, cascade = source(args), _table(args), args.get("cascade")
    if table not in edit.source_of(draft.metadata, where).tables:
        raise ApiError("already-untracked", f'view/table already untracked: "{table}"', path="$.args")
    kept = dependencies.refuse_or_drop(
        draft.metadata,
        draft.engine.catalog_of(where),
        where,
        {dependencies.Part("table", table)},
        cascade=cascade.boolean() if cascade else False,
    )
    draft.replace(edit.without_table(kept, where, table))


def _configure(draft: Draft, args: Reader, config: TableConfig) -> None:
    where, table = source(args), _table(args)
    tracked = edit.table_of(draft.metadata, where, table)
    draft.replace(
        edit.put_table(draft.metadata, where, replace(tracked, config=config)), subject=_subject(where, table)
    )


def _as_object(args: Reader) -> Reader:
    """`"users"` and `{schema, name}` stand for `{table: ...}`."""
    if isinstance(args.value, dict) and "table" in args.value:
        return args
    if not isinstance(args.value, str | dict):
        args.fail("expected a table: its name, {name} or {schema, name}")
    return Reader({"table": args.value}, args.path)


def _table(args: Reader) -> Name:
    return args.at("table").qualified()


def _subject(where: str, table: Name) -> str:
    return f"table {table} in source {where}"


COMMANDS = (
    Command(name="track_table", run=track, of_source=True),
    Command(name="add_existing_table_or_view", run=track, of_source=True),
    Command(name="track_tables", run=track_many, of_source=True),
    Command(name="untrack_table", run=untrack, of_source=True),
    Command(name="untrack_tables", run=untrack_many, of_source=True),
    Command(name="set_table_customization", run=set_customization, of_source=True),
    Command(name="set_table_custom_fields", run=set_custom_fields, of_source=True),
    Command(name="set_apollo_federation_config", run=set_apollo_federation, of_source=True),
    Command(name="set_table_is_enum", run=set_is_enum, of_source=True),
)
