"""Making a plan come true with containers: what `start` and `stop` do, in the order the plan gives."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from nself import __version__
from nself.errors import DockerError
from nself.events import Note, StepStarted
from nself.model.container_settings import PullPolicy
from nself.model.spec import ServiceSpec
from nself.runtimes import plan
from nself.runtimes.compose import folders, ownership, reload, server_image, volumes
from nself.runtimes.compose.docker import Docker
from nself.runtimes.compose.docker_errors import CommandFailedError, PullError
from nself.runtimes.compose.stack import ContainerStack
from nself.runtimes.compose.walk import Walk
from nself.runtimes.outcome import After, Outcome, Patience
from nself.runtimes.plan import Step

STOP_S = 600.0
PULL_S = 3600.0


def start(
    compose: ContainerStack, steps: Sequence[Step], *, after: After, patience: Patience, standing: Collection[str] = ()
) -> Outcome:
    """Stops first; then containers level by level, each once what it needs is healthy; last the replicas that are too
    many, once the proxy leads nobody to them."""
    compose.docker.version()
    compose.containers()
    ownership.required(compose.identity)
    volumes.refuse_foreign(compose)
    early, late = plan.stops_of(steps)
    stop(compose, early, remove=True)
    chosen = {step.service: step for step in steps if step.verb != "stop"}
    fetch(compose, [spec for spec in compose.specs if spec.name in chosen])
    folders.ready(compose, [spec for spec in compose.specs if spec.name in chosen])
    volumes.claim(compose, [spec for spec in compose.specs if spec.name in chosen])
    compose.prepare()
    specs = [spec for spec in compose.specs if spec.name in chosen or spec.name in standing]
    outcome = Walk(compose, specs, chosen, after, patience).walk()
    proxies = {spec.name for spec in compose.specs if spec.reload}
    if chosen.keys() - proxies:
        reload.resolve_anew(compose)
    if late and not any(failure.service in proxies for failure in outcome.failed):
        reload.drain(compose)
        stop(compose, late, remove=True)
    return outcome


def stop(
    compose: ContainerStack, steps: Sequence[Step], *, grace_s: float | None = None, remove: bool = False
) -> list[str]:
    """In waves: what nothing that still runs needs goes at once."""
    found = compose.containers() if steps else {}
    waiting = [step for step in steps if step.service in found]
    number = 0
    while waiting:
        names = {step.service for step in waiting}
        wave = [step for step in waiting if not names & set(step.after)] or waiting
        for step in wave:
            number += 1
            compose.emit(StepStarted(number, len(steps), f"stop {step.service}", step.why))
        ids = [found[step.service].id for step in wave]
        grace = ["--time", str(max(1, round(grace_s)))] if grace_s is not None else []
        compose.docker.run("stop", *grace, *ids, timeout_s=STOP_S)
        if remove:
            compose.docker.run("rm", *ids, timeout_s=STOP_S)
        compose.forget()
        waiting = [step for step in waiting if step not in wave]
    return [step.service for step in steps]


def fetch(compose: ContainerStack, specs: Sequence[ServiceSpec]) -> None:
    """Pull the images that are missing, or all where that is wanted. Those that are built are not pulled: whoever
    changed them says when."""
    here = compose.image_ids()
    refuse_unbuilt(specs, here)
    refuse_another_version(compose.docker, specs)
    wanted = {spec.image.reference for spec in specs if spec.image and not spec.image.built}
    missing = wanted - here.keys()
    if missing and compose.pull is PullPolicy.NEVER:
        raise DockerError(
            f"{', '.join(sorted(missing))}: not on this engine, and IMAGE_PULL_POLICY=never",
            fixes=["docker load or docker pull brings it", "nself config set IMAGE_PULL_POLICY=missing"],
        )
    for reference in sorted(wanted if compose.pull is PullPolicy.ALWAYS else missing):
        compose.emit(Note(f"pulling {reference}"))
        _pull(compose, reference)
        compose.forget_images()


def _pull(compose: ContainerStack, reference: str) -> None:
    """Whatever the reason, the error names the image: a registry's own words often do not."""
    try:
        compose.docker.run("pull", "--quiet", reference, timeout_s=PULL_S)
    except (PullError, CommandFailedError) as error:
        said = error.said if isinstance(error, PullError) else error.message
        raise PullError(said, reference) from error


def refuse_unbuilt(specs: Sequence[ServiceSpec], here: Collection[str]) -> None:
    images = [spec.image for spec in specs if spec.image]
    unbuilt = sorted({image.reference for image in images if image.built and image.reference not in here})
    if unbuilt:
        raise DockerError(
            f"{'an image is' if len(unbuilt) == 1 else 'images are'} not built: {', '.join(unbuilt)}",
            fixes=["nself build --images", "nself start --runtime native"],
        )


def refuse_another_version(docker: Docker, specs: Sequence[ServiceSpec]) -> None:
    """An image of our servers that was made by another nself, or given its name by hand: their variables, files and
    tables may be others than ours."""
    ours = {spec.image.reference for spec in specs if spec.image and spec.image.built and not spec.build}
    for reference in sorted(ours):
        labels = ((docker.inspect_image(reference) or {}).get("Config") or {}).get("Labels") or {}
        version = labels.get(server_image.VERSION, __version__)
        if labels.get(server_image.TITLE) == server_image.NAMED and version != __version__:
            raise DockerError(
                f"{reference} holds nself {version}, and this is nself {__version__}",
                fixes=["nself build --images server"],
            )
