"""What refers to a source from outside of it: remote relationships of other sources and of remote schemas."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from nself.graphql.metadata.model import Metadata, Source
from nself.graphql.metadata.remote_schemas import RemoteRelationship, RemoteSchema, ToSource

Keep = Callable[[RemoteRelationship], RemoteRelationship | None]
"""The relationship as it shall be, None to leave it out."""


def leading_to(metadata: Metadata, source: str) -> list[str]:
    """In words for a refusal."""
    found = []
    for name, entry in metadata.sources.items():
        for tracked in entry.tables.values() if name != source else ():
            found += [
                f"remote_relationship {one.name} in table {tracked.table} in source {name}"
                for one in tracked.remote_relationships
                if _leads_to(one, source)
            ]
    for remote in metadata.remote_schemas.values():
        for type_name, relationships in remote.relationships.items():
            found += [
                f"remote_schema_remote_relationship {one.name} on type {type_name} in remote schema {remote.name}"
                for one in relationships
                if _leads_to(one, source)
            ]
    return found


def without(metadata: Metadata, source: str) -> Metadata:
    return rewritten(metadata, lambda one: None if _leads_to(one, source) else one)


def renamed(metadata: Metadata, old: str, new: str) -> Metadata:
    """The source under its new name, in its place, and everything that refers to it."""

    def follow(one: RemoteRelationship) -> RemoteRelationship:
        definition = one.definition
        if isinstance(definition, ToSource) and definition.source == old:
            return replace(one, definition=replace(definition, source=new))
        return one

    sources = {
        new if name == old else name: replace(entry, name=new) if name == old else entry
        for name, entry in metadata.sources.items()
    }
    return rewritten(replace(metadata, sources=sources), follow)


def _leads_to(one: RemoteRelationship, source: str) -> bool:
    return isinstance(one.definition, ToSource) and one.definition.source == source


def rewritten(metadata: Metadata, keep: Keep) -> Metadata:
    """Every remote relationship there is, of tables and of remote types, as `keep` wants it."""
    return replace(
        metadata,
        sources={name: _of_source(entry, keep) for name, entry in metadata.sources.items()},
        remote_schemas={name: _of_remote(entry, keep) for name, entry in metadata.remote_schemas.items()},
    )


def _of_source(source: Source, keep: Keep) -> Source:
    tables = {
        name: replace(tracked, remote_relationships=_kept(tracked.remote_relationships, keep))
        for name, tracked in source.tables.items()
    }
    return replace(source, tables=tables)


def _of_remote(remote: RemoteSchema, keep: Keep) -> RemoteSchema:
    kept = {name: _kept(ones, keep) for name, ones in remote.relationships.items()}
    return replace(remote, relationships={name: ones for name, ones in kept.items() if ones})


def _kept(ones: tuple[RemoteRelationship, ...], keep: Keep) -> tuple[RemoteRelationship, ...]:
    return tuple(one for one in map(keep, ones) if one is not None)
