"""Which versions of other people's images a project runs, what their registries have by now, and pinning them.

A tag moves; `images.lock` holds what it stood for when it was last looked at, so that every machine runs the same.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Any
from urllib.parse import urlsplit

from nself.actions import derived, history
from nself.errors import NselfError, UnknownNameError
from nself.events import Emit, Note, StepStarted
from nself.host import LocalHost
from nself.model import pins
from nself.model.project import Project
from nself.records import dataclass
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.registry import Reference, Registries, UnknownError, UnreachableError, newer, parse

SHOWN_TAGS = 3


class State(StrEnum):
    CURRENT = "current"
    """Pinned to what the tag stands for now."""
    BEHIND = "behind"
    """The tag stands for something else by now."""
    UNPINNED = "unpinned"
    """Each machine runs what the tag stood for when it pulled it."""
    FIXED = "fixed"
    """Its digest is written in the settings; it is left as it is."""
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageState:
    """One image. `pinned`, `local` and `registry` are digests, None where there is none or it cannot be known."""

    image: str
    services: tuple[str, ...]
    state: State
    pinned: str | None
    local: str | None
    registry: str | None
    newer: tuple[str, ...] = ()
    """Higher tags of the same shape; moving to one is a change of the settings."""
    problem: str = ""
    """Why something is unknown."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Updates:
    """`pulled` and `written` are what was done; both empty with --plan."""

    images: tuple[ImageState, ...]
    pulled: tuple[str, ...] = ()
    written: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    only: Sequence[str] = ()
    """Names of services; empty means all."""
    plan: bool = False


def update(
    project: Project, host: LocalHost, environ: Mapping[str, str], emit: Emit, options: Options | None = None
) -> Updates:
    """Look at every image, and unless it is only a plan, pull what is new and pin it."""
    chosen = options or Options()
    docker = Docker(host, environ)
    docker.version(compose=False)
    used = _chosen(_used(project, host), chosen.only)
    registries = Registries(default=_default_registry(docker))
    found = [_look(image, names, project, docker, registries, emit) for image, names in used.items()]
    if found and all(isinstance(error, UnreachableError) for _, error in found):
        raise next(error for _, error in found if error)
    states = tuple(state for state, _ in found)
    if chosen.plan:
        return Updates(images=states)
    return _apply(states, project, host, docker, emit)


def _used(project: Project, host: LocalHost) -> dict[str, tuple[str, ...]]:
    """{reference: services that run it} of images that are pulled."""
    found: dict[str, tuple[str, ...]] = {}
    for spec in derived.remembered(project, host).specs:
        if spec.image and not spec.image.built:
            found[spec.image.reference] = (*found.get(spec.image.reference, ()), spec.name)
    return found


def _chosen(used: Mapping[str, tuple[str, ...]], only: Sequence[str]) -> dict[str, tuple[str, ...]]:
    known = [name for names in used.values() for name in names]
    for name in only:
        if name not in known:
            others = ", ".join(known) or "none: nself's own image is made by nself build --images"
            message = f"no service {name!r} of this project runs an image that is pulled"
            raise UnknownNameError(message, name, known, fixes=[f"those that do: {others}"])
    return {image: names for image, names in used.items() if not only or set(only) & set(names)}


def _default_registry(docker: Docker) -> str:
    """The engine knows it, and the mirror it may have been given."""
    told = docker.json("info", "--format", "{{json .}}")
    mirrors = (told.get("RegistryConfig") or {}).get("Mirrors") or []
    address: str = (mirrors or [told["IndexServerAddress"]])[0]
    return urlsplit(address).netloc


def _look(
    reference: str, names: tuple[str, ...], project: Project, docker: Docker, registries: Registries, emit: Emit
) -> tuple[ImageState, NselfError | None]:
    image = parse(reference)
    emit(Note(f"asking for {image.name}"))
    state = ImageState(
        image=image.name,
        services=names,
        state=State.UNKNOWN,
        pinned=image.digest,
        local=_local(image, docker),
        registry=None,
    )
    try:
        registry = registries.digest(image)
    except (UnreachableError, UnknownError) as error:
        return replace(state, problem=error.message), error
    more, problem = _unless_unknown(lambda: newer(image.tag, registries.tags(image)))
    return replace(
        state,
        registry=registry,
        state=_state(image, registry, project),
        newer=tuple(more[:SHOWN_TAGS]),
        problem=problem,
    ), None


def _unless_unknown(ask: Callable[[], list[str]]) -> tuple[list[str], str]:
    """Some registries tell a tag and list none."""
    try:
        return ask(), ""
    except (UnreachableError, UnknownError) as error:
        return [], error.message


def _state(image: Reference, registry: str, project: Project) -> State:
    if image.digest is None:
        return State.UNPINNED
    if image.digest == registry:
        return State.CURRENT
    return State.BEHIND if image.name in project.pins else State.FIXED


def _local(image: Reference, docker: Docker) -> str | None:
    """The digest the engine pulled it by."""
    pinned = f"{image.name}@{image.digest}" if image.digest else image.name
    found: dict[str, Any] = docker.inspect_image(pinned) or {}
    digests = [digest.partition("@")[2] for digest in found.get("RepoDigests") or []]
    return digests[0] if digests else None


def _apply(states: tuple[ImageState, ...], project: Project, host: LocalHost, docker: Docker, emit: Emit) -> Updates:
    """Pull first: what is pinned is there."""
    due = [state for state in states if state.registry and state.state in {State.UNPINNED, State.BEHIND}]
    absent = [state for state in states if state.state is State.CURRENT and not state.local]
    entry = history.Entry("update", f"pin {len(due)} images", {"images": [state.image for state in due]})
    if not due and not absent:
        return Updates(images=states)
    with history.recorded(project, host, emit, entry):
        todo = [*due, *absent]
        for number, state in enumerate(todo, start=1):
            emit(StepStarted(number, len(todo), f"pull {state.image}"))
            docker.run("pull", "--quiet", f"{state.image}@{state.registry}", timeout_s=3600)
        if due:
            found = {**project.pins, **{state.image: str(state.registry) for state in due}}
            host.write(project.root / pins.FILE, pins.dump(found))
    done = {state.image for state in todo}
    after = tuple(
        replace(state, state=State.CURRENT, pinned=state.registry, local=state.registry)
        if state.image in done
        else state
        for state in states
    )
    return Updates(
        images=after,
        pulled=tuple(state.image for state in todo),
        written=tuple(state.image for state in due),
    )
