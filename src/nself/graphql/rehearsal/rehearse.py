"""The whole rehearsal: a stage, two people, every role against every table."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from nself.graphql.engine import Engine
from nself.graphql.errors import ApiError
from nself.graphql.metadata import edit
from nself.graphql.metadata.model import Columns, Metadata, SelectPermission, Source, TrackedTable
from nself.graphql.rehearsal import people, play, stage
from nself.graphql.rehearsal.attacks import Attacker, Found
from nself.graphql.rehearsal.cast import Cast
from nself.graphql.rehearsal.oracle import NotUnderstoodError
from nself.graphql.rehearsal.play import Play
from nself.graphql.rehearsal.report import Cell, Report, Verb, Verdict
from nself.graphql.rehearsal.witness import Witness
from nself.graphql.sessions.session import ADMIN
from nself.graphql.sources.pools import OneDatabase
from nself.pg.catalog import Name
from nself.pg.introspect import introspect

Progress = Callable[[str, int, int], None]
"""Called with a role, its number and how many there are."""


async def rehearse(dsn: str, metadata: Metadata, progress: Progress) -> Report:
    """Try every permission of the source `default`. The database is as before when this ends, however it ends."""
    source = metadata.sources["default"]
    async with stage.opened(dsn) as on:
        catalog = await introspect(on)
        tried = play.plain(metadata, source, catalog)
        plain = tried.metadata.sources[source.name]
        known = people.people(plain, catalog)
        cast = Cast(on, catalog, known)
        await cast.fill(sorted(tried.names))
        engine = Engine(OneDatabase(on, dsn))
        await engine.load(tried.metadata)
        witness = Witness(on, plain, catalog, known.sessions["A"])
        cells: list[Cell] = []
        sent = 0
        roles = _roles(plain, tried)
        for number, role in enumerate(roles, 1):
            progress(role, number, len(roles))
            attacker = Attacker(role=role, engine=engine, witness=witness, cast=cast, names=tried.names)
            cells += [cell async for cell in _against(attacker, plain, tried)]
            sent += attacker.sent
    return Report(cells=tuple(cells), attacks=sent)


def _roles(source: Source, tried: Play) -> list[str]:
    named = {
        permission.role
        for tracked in source.tables.values()
        for kind in edit.PERMISSION_KINDS
        for permission in edit.permissions_of(tracked, kind)
    }
    return sorted({*named, *tried.parents} - {ADMIN})


async def _against(attacker: Attacker, source: Source, tried: Play) -> AsyncIterator[Cell]:
    for name in sorted(tried.names):
        for verb in Verb:
            try:
                verdict, detail = await _attack(attacker, source, tried, name, verb)
            except NotUnderstoodError as error:
                verdict, detail = Verdict.UNTESTED, f"the test does not understand {error}"
            except ApiError as error:
                verdict, detail = Verdict.UNTESTED, f"the permission is not served: {error.message}"
            yield Cell(role=attacker.role, table=str(name), verb=verb, verdict=verdict, detail=detail)


async def _attack(attacker: Attacker, source: Source, tried: Play, name: Name, verb: Verb) -> Found:
    granted = _permissions(source.tables[name], verb, attacker.role, tried.parents)
    if verb is Verb.SELECT:
        return await attacker.select(name, _united(granted), [each.filter for each in granted])
    one = granted[0] if granted and all(_rules(each) == _rules(granted[0]) for each in granted) else None
    match verb:
        case Verb.INSERT:
            return await attacker.insert(name, one)
        case Verb.UPDATE:
            return await attacker.update(name, one)
        case _:
            return await attacker.delete(name, one)


def _permissions(
    tracked: TrackedTable, verb: Verb, role: str, parents: Mapping[str, Sequence[str]], above: tuple[str, ...] = ()
) -> list[Any]:
    """The role's own permission; an inherited role without one has its parents'."""
    own = [each for each in edit.permissions_of(tracked, verb) if each.role == role]
    if own or role in above:
        return list(own)
    return [
        each
        for parent in parents.get(role, ())
        for each in _permissions(tracked, verb, parent, parents, (*above, role))
    ]


def _rules(permission: edit.Permission) -> edit.Permission:
    """What it says, whosever it is."""
    return replace(permission, role="", comment=None)


def _united(granted: Sequence[SelectPermission]) -> SelectPermission | None:
    """What at least one of them shows."""
    if len(granted) < 2:
        return granted[0] if granted else None
    return replace(
        granted[0],
        columns=Columns(
            every=any(each.columns.every for each in granted),
            names=tuple({name: None for each in granted for name in each.columns.names}),
        ),
        allow_aggregations=any(each.allow_aggregations for each in granted),
    )
