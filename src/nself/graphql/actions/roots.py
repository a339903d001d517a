"""Root fields of actions, and the parts of a plan that answer them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from msgspec import Struct

from nself.graphql import joins
from nself.graphql.actions import input as inputs
from nself.graphql.actions.asynchronous import begin, look, outcome_type, session_variables
from nself.graphql.actions.call import Question, ask
from nself.graphql.actions.output import Fields, check, picked, selection
from nself.graphql.actions.types import ActionTypes
from nself.graphql.elsewhere import EachAlone, Elsewhere, Part, Place
from nself.graphql.errors import ApiError
from nself.graphql.language.types import Field, InputField, NonNull, Type, arguments
from nself.graphql.metadata.actions import Action
from nself.graphql.metadata.custom_types import CustomTypes
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, arguments_of
from nself.graphql.run import Run
from nself.graphql.schema import columns
from nself.graphql.schema.role import RoleSchema
from nself.graphql.sessions.session import ADMIN

_ID_OF_ACTION: Final = "the unique id of an action"


class SynchronousPart(Struct, frozen=True, kw_only=True):
    """Asks the webhook and waits for it."""

    key: str
    action: Action
    input: inputs.Members
    type: Type
    fields: Fields | None

    async def run(self, run: Run) -> Mapping[str, bytes]:
        answer = await ask(question(self.action, self.input, run), run.world.outgoing, run.world.environ)
        try:
            check(answer.value, self.type)
        except ApiError as error:
            error.internal = answer.internal
            raise
        except RecursionError as error:
            raise ApiError("unexpected", "the action webhook response is nested too deeply", status=500) from error
        if not self.action.definition.query:
            run.pass_on(headers=answer.cookies)
        return {self.key: joins.encode(picked(answer.value, self.fields))}


def question(action: Action, given: inputs.Members, run: Run) -> Question:
    return Question(
        action=action,
        input=inputs.value(given, run.bindings),
        session_variables=session_variables(run.bindings.session),
        headers=run.headers,
        query=run.query,
    )


def synchronous(action: Action) -> Place:
    """Where its field is answered."""

    def part(ctx: Context, one: Selected) -> Part:
        assert one.of is not None
        return SynchronousPart(
            key=one.key,
            action=action,
            input=inputs.planned(arguments_of(ctx, one), one.of.arguments),
            type=one.of.type,
            fields=selection(ctx, one),
        )

    return EachAlone(part)


class ActionRoots:
    """All actions of the metadata that can be served."""

    def __init__(self, actions: Sequence[Action], types: CustomTypes) -> None:
        self._types = ActionTypes(types)
        self.roles = frozenset(role for action in actions for role in action.roles)
        self._synchronous = [(action, synchronous(action)) for action in actions if not action.definition.asynchronous]
        self._asynchronous = {
            action.name: (action, begin(action), look(action)) for action in actions if action.definition.asynchronous
        }

    @property
    def longest_s(self) -> float:
        """The longest time an asynchronous action may take."""
        return max((action.definition.timeout_s for action, _, _ in self._asynchronous.values()), default=0)

    def asynchronous(self, name: str, schema: RoleSchema) -> tuple[Action, Type] | None:
        """The action, and the type of what its webhook answers."""
        if name not in self._asynchronous:
            return None
        action, _, _ = self._asynchronous[name]
        return action, self._types.output(schema, action.definition.output_type)

    def queries(self, schema: RoleSchema) -> Iterator[Field]:
        for action, place in self._synchronous:
            if action.definition.query and _may(schema, action):
                yield self._field(schema, action, place)
        yield from self._looks(schema)

    def mutations(self, schema: RoleSchema) -> Iterator[Field]:
        for action, place in self._synchronous:
            if not action.definition.query and _may(schema, action):
                yield self._field(schema, action, place)
        for action, place, _ in self._asynchronous.values():
            if _may(schema, action):
                yield Field(
                    name=action.name,
                    type=NonNull(columns.scalar_type(schema, "uuid")),
                    means=Elsewhere(place),
                    arguments=self._arguments(schema, action),
                    description=action.comment,
                )

    def subscriptions(self, schema: RoleSchema) -> Iterator[Field]:
        """A synchronous action would be called again and again: it cannot be subscribed to."""
        return self._looks(schema)

    def _looks(self, schema: RoleSchema) -> Iterator[Field]:
        id_ = InputField(name="id", type=NonNull(columns.scalar_type(schema, "uuid")), description=_ID_OF_ACTION)
        for action, _, place in self._asynchronous.values():
            if _may(schema, action):
                output = self._types.output(schema, action.definition.output_type)
                yield Field(
                    name=action.name,
                    type=outcome_type(schema, action, output),
                    means=Elsewhere(place),
                    arguments=arguments(id_),
                    description=action.comment,
                )

    def _field(self, schema: RoleSchema, action: Action, place: Place) -> Field:
        return Field(
            name=action.name,
            type=self._types.output(schema, action.definition.output_type),
            means=Elsewhere(place),
            arguments=self._arguments(schema, action),
            description=action.comment,
        )

    def _arguments(self, schema: RoleSchema, action: Action) -> dict[str, InputField]:
        return arguments(
            *(
                InputField(name=given.name, type=self._types.input(schema, given.type), description=given.description)
                for given in action.definition.arguments
            )
        )


def _may(schema: RoleSchema, action: Action) -> bool:
    return schema.role == ADMIN or schema.role in action.roles
