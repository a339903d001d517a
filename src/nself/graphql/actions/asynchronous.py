"""Asynchronous actions: a mutation that notes the call and gives its id, a query that looks what became of it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

from msgspec import Struct

from nself.graphql import joins
from nself.graphql.actions import input as inputs
from nself.graphql.actions.log import ActionLog, Outcome
from nself.graphql.actions.output import Fields, check, picked, selection
from nself.graphql.elsewhere import EachAlone, Part, Place
from nself.graphql.language.scalars import scalar
from nself.graphql.language.types import Field, NonNull, Object, Type, nullable
from nself.graphql.metadata.actions import Action
from nself.graphql.plan.arguments import source_of
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, arguments_of, fields_of
from nself.graphql.run import Run
from nself.graphql.schema.role import RoleSchema
from nself.graphql.sessions.session import Session
from nself.graphql.sql.values import Source, one
from nself.graphql.webhooks.outgoing import vouched_for
from nself.web.json import encode

_UUID: Final = scalar("uuid")


class Noted(Struct, frozen=True):
    """A field of the log's row: id, created_at, errors."""

    name: str


class Output(Struct, frozen=True):
    """The field that has the webhook's answer."""

    type: Type


def outcome_type(schema: RoleSchema, action: Action, output: Type) -> Object:
    """Named like the action."""

    def fields() -> Iterator[Field]:
        yield Field(
            name="created_at",
            type=NonNull(scalar("timestamptz")),
            means=Noted("created_at"),
            description="the time at which this action was created",
        )
        yield Field(
            name="errors",
            type=scalar("json"),
            means=Noted("errors"),
            description="errors related to the invocation",
        )
        yield Field(
            name="id",
            type=NonNull(_UUID),
            means=Noted("id"),
            description="the unique id of an action",
        )
        # Nobody knows it yet when the call is made.
        found = nullable(output)
        yield Field(name="output", type=found, means=Output(found), description="the output fields of this action")

    description = f'fields of action: "{action.name}"'
    return schema.type(action.name, lambda name: Object(name, fields, description))


def begin(action: Action) -> Place:
    """Where the mutation's field is answered."""

    def part(ctx: Context, one: Selected) -> Part:
        assert one.of is not None
        return BeginPart(key=one.key, action=action, input=inputs.planned(arguments_of(ctx, one), one.of.arguments))

    return EachAlone(part)


class BeginPart(Struct, frozen=True, kw_only=True):
    key: str
    action: Action
    input: inputs.Members

    async def run(self, run: Run) -> Mapping[str, bytes]:
        definition = self.action.definition
        variables = session_variables(run.bindings.session)
        headers = vouched_for(run.headers, variables) if definition.forward_client_headers else {}
        given = inputs.value(self.input, run.bindings)
        id_ = await ActionLog(run.world.kept_in).put(self.action.name, given, headers, variables)
        run.world.action_waits.set()
        return {self.key: encode(id_)}


def look(action: Action) -> Place:
    """Where the query's field is answered."""

    def part(ctx: Context, one: Selected) -> Part:
        members = {field.key: _member(ctx, field, action) for field in fields_of(ctx, one)}
        id_ = source_of(arguments_of(ctx, one)["id"])
        return LookPart(key=one.key, action=action, id=id_, members=members)

    return EachAlone(part)


class Given(Struct, frozen=True):
    """The selected part of the output."""

    type: Type
    fields: Fields | None


Member: TypeAlias = str | Noted | Given


def _member(ctx: Context, one: Selected, action: Action) -> Member:
    match one.of and one.of.means:
        case None:
            return action.name
        case Noted() as noted:
            return noted
        case Output(type_):
            return Given(type_, selection(ctx, one))
        case other:
            raise AssertionError(other)


class LookPart(Struct, frozen=True, kw_only=True):
    key: str
    action: Action
    id: Source
    members: Mapping[str, Member]

    async def run(self, run: Run) -> Mapping[str, bytes]:
        session = run.bindings.session
        found = await ActionLog(run.world.kept_in).find(
            one(self.id.bind(run.bindings)) or "",
            self.action.name,
            session_variables(session),
            any_=session.is_admin,
        )
        shows_internal = session.is_admin and run.world.shows_internal
        shown = found and {key: _shown(member, found, shows_internal) for key, member in self.members.items()}
        return {self.key: joins.encode(shown)}


def _shown(member: Member, found: Outcome, shows_internal: bool) -> Any:
    match member:
        case str():
            return member
        case Noted("errors"):
            return _errors(found, shows_internal)
        case Noted("created_at"):
            return joins.decode(found.created_at)
        case Noted():
            return found.id
        case Given(type_, fields):
            output = None if found.output is None else joins.decode(found.output)
            # The types may have changed since the webhook answered.
            check(output, type_)
            return picked(output, fields)


def _errors(found: Outcome, shows_internal: bool) -> Any:
    told = None if found.errors is None else joins.decode(found.errors)
    if isinstance(told, dict) and not shows_internal:
        told.pop("internal", None)
    return told


def session_variables(session: Session) -> dict[str, str]:
    return {**session.variables, "x-hasura-role": session.role}
