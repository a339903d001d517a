"""A remote schema's root fields in a role's schema, and the part of a plan that asks for them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace as with_changes

import msgspec
from graphql import FieldNode
from msgspec import Struct

from nself.graphql.elsewhere import Elsewhere, Part
from nself.graphql.language.types import Field, Object
from nself.graphql.plan.context import Context
from nself.graphql.plan.selection import Selected, fields_of
from nself.graphql.remote.bridge import Bridge
from nself.graphql.remote.document import Writer
from nself.graphql.remote.endpoint import Endpoint, RemoteErrorsError
from nself.graphql.remote.request import Edits, Inputs, ask, picked, printed
from nself.graphql.run import Run
from nself.records import dataclass
from nself.web.json import encode


class Namespace(Struct, frozen=True):
    """A root field that holds the remote's root fields: asked of nobody."""

    type: str


@dataclass(frozen=True, eq=False)
class RemotePlace:
    """Answers the root fields of one remote schema, all of an operation in one request."""

    bridge: Bridge
    endpoint: Endpoint

    def fields(self, root: str | None) -> Iterator[Field]:
        """The root fields of the remote's type of that name, under their namespace if they have one."""
        type_ = self.bridge.upstream.types.get(root) if root else None
        found = [self.bridge.field(type_, field) for field in type_.fields.values()] if type_ else []
        namespace = self.bridge.naming.customization.namespace
        if not found:
            return
        if namespace:
            assert root is not None
            type_name = self.bridge.naming.types[root]
            holder = Object(type_name, lambda: found)
            yield Field(name=namespace, type=holder, means=Elsewhere(self, Namespace(type_name)))
            return
        for field in found:
            yield msgspec.structs.replace(field, means=Elsewhere(self, field.means))

    def plan(self, ctx: Context, fields: Sequence[Selected]) -> Sequence[Part]:
        flat: list[Selected] = []
        parts: list[Part] = []
        for one in fields:
            assert one.of is not None
            means = one.of.means.means
            if isinstance(means, Namespace):
                parts.append(self._namespaced(ctx, one, means.type))
            else:
                flat.append(with_changes(one, of=msgspec.structs.replace(one.of, means=means)))
        return [self._part(ctx, flat), *parts] if flat else parts

    def _part(self, ctx: Context, ones: Sequence[Selected]) -> RemotePart:
        writer = Writer(ctx, self.bridge)
        nodes = [node for one in ones for node in writer.field(one)]
        return self._asking(ctx, writer, nodes, tuple(one.key for one in ones))

    def _namespaced(self, ctx: Context, one: Selected, type_name: str) -> Part:
        """The request's keys are those below the namespace; `at` of edits begins there, joins begin at the root."""
        below = fields_of(ctx, one)
        inner = self._part(ctx, [field for field in below if field.of is not None])
        known = {field.key: encode(type_name) for field in below if field.of is None}
        return Namespaced(one.key, tuple(field.key for field in below), known, inner)

    def _asking(self, ctx: Context, writer: Writer, nodes: Sequence[FieldNode], keys: tuple[str, ...]) -> RemotePart:
        operation = ctx.operation
        name = operation.node.name.value if operation.node.name else None
        return RemotePart(
            endpoint=self.endpoint,
            text=printed(operation.kind, name, list(writer.used.values()), nodes) if nodes else "",
            name=name,
            inputs=Inputs.of(writer),
            edits={
                key: Edits(tuple(edit for edit in writer.edits if edit.at[0] == key), self.bridge.naming.types)
                for key in keys
            },
        )


class RemotePart(Struct, frozen=True, kw_only=True):
    """One document: its root fields by response key, with what has to be done to each one's value."""

    endpoint: Endpoint
    text: str
    name: str | None
    inputs: Inputs
    edits: Mapping[str, Edits]

    async def run(self, run: Run) -> Mapping[str, bytes]:
        if not self.text:
            return {}
        data = await ask(self.endpoint, run, self.text, self.inputs.values(run), self.name)
        return {key: edits.within(key, picked(data, key)) for key, edits in self.edits.items()}


class Namespaced(Struct, frozen=True):
    """A namespace's object: what the remote answers, and what is known already."""

    key: str
    keys: tuple[str, ...]
    known: Mapping[str, bytes]
    inner: RemotePart

    async def run(self, run: Run) -> Mapping[str, bytes]:
        try:
            found = {**self.known, **await self.inner.run(run)}
        except RemoteErrorsError as error:
            raise error.below(self.key) from error
        pairs = b",".join(b'"%b":%b' % (key.encode(), found[key]) for key in self.keys)
        return {self.key: b"{" + pairs + b"}"}
