"""`nself build`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import click

from nself.cli.app import App, pass_app, verb
from nself.cli.output import Line, Styled
from nself.errors import UsageError

if TYPE_CHECKING:
    from nself.actions.build import Built
    from nself.actions.images.make import BuiltImages


@verb(
    short_help="Write everything that runs, from .env and nself.yml.",
    section="Core lifecycle",
    result="nself.actions.images.make:BuildResult",
)
@click.option("-f", "--force", is_flag=True, help="Write every file, changed or not.")
@click.option(
    "--only", metavar="PART[,PART]", help="Write these parts only: supervisor or compose, nginx, env, services, ssl."
)
@click.option("--no-ssl", is_flag=True, help="Leave the certificate alone.")
@click.option("--dry-run", is_flag=True, help="Say what would change; write nothing.")
@click.option("--diff", is_flag=True, help="Show how files change, line by line; values of env files stay hidden.")
@click.option("--validate", is_flag=True, help="Check the project's files only.")
@click.option("--check", is_flag=True, help="Exit 3 when a build would change anything (for CI); write nothing.")
@click.option("--images", is_flag=True, help="Build container images instead: nself's own, and your services'.")
@click.option("--base-image", metavar="IMAGE", help="With --images: what nself's own is made from (NSELF_BASE_IMAGE).")
@click.option("--no-cache", is_flag=True, help="With --images: build every step anew.")
@click.argument("services", nargs=-1, metavar="[SERVICE]...")
@pass_app
def command(
    app: App,
    force: bool,
    only: str | None,
    no_ssl: bool,
    dry_run: bool,
    diff: bool,
    validate: bool,
    check: bool,
    images: bool,
    base_image: str | None,
    no_cache: bool,
    services: tuple[str, ...],
) -> None:
    """Render the project into .nself/build: process manager, nginx, environment files, certificate.

    The same files give the same bytes; without changes nothing is written. `nself start` builds by itself.

    \b
    Examples:
      nself build
      nself build --dry-run --diff     what would change, and how
      nself build --check              in CI: is what is built still true?
      nself build --images             container images, for the compose runtime
      nself build --images api         of one service; `server` is nself's own
    """
    if images:
        others = {"--force": force, "--only": only, "--no-ssl": no_ssl, "--dry-run": dry_run, "--diff": diff}
        others |= {"--validate": validate, "--check": check}
        if given := [name for name, value in others.items() if value]:
            raise UsageError(
                f"{', '.join(given)} {'is' if len(given) == 1 else 'are'} about files and cannot go with --images",
                fixes=["nself build --images", "nself build --dry-run"],
            )
        _images(app, services, base_image, no_cache)
        return
    if services or base_image or no_cache:
        raise UsageError("SERVICE, --base-image and --no-cache go with --images", fixes=["nself build --images"])
    from nself.actions import build

    project = app.project
    parts = set(only.split(",")) if only else set(build.PARTS)
    if unknown := sorted(parts - set(build.PARTS)):
        raise UsageError(f"there is no part {', '.join(unknown)}", fixes=[f"the parts are {', '.join(build.PARTS)}"])
    if no_ssl:
        parts.discard("ssl")
    chosen = () if parts == set(build.PARTS) else tuple(sorted(parts))
    options = build.Options(only=chosen, force=force, preview=dry_run or validate, diff=diff)
    if check:
        built = build.check(project, app.host, app.environ)
    else:
        built = build.build(project, app.host, app.environ, app.emit, options)
    app.output.result(built, lambda found: _human(found, preview=dry_run or validate or check))


def _images(app: App, services: tuple[str, ...], base_image: str | None, no_cache: bool) -> None:
    from nself.actions.images import make as images
    from nself.model.spec import Runtime

    options = images.Options(only=services, base=base_image, no_cache=no_cache)
    start = "nself start" if app.project.runtime is Runtime.COMPOSE else "nself start --runtime compose"
    built = images.build(app.project, app.host, app.environ, app.emit, options)
    app.output.result(built, lambda found: _human_images(found, start))


def _human_images(built: BuiltImages, start: str) -> Iterator[Line]:
    for image in built.images:
        took = f"built in {image.duration_ms / 1000:.1f} s" if image.built else "up to date"
        yield f"{image.reference}  {image.size_bytes / 1e6:.0f} MB, {took}"
    yield f"next: {start}"


def _human(built: Built, *, preview: bool) -> Iterator[Line]:
    files, count = built.files, built.services
    yield f"{built.project} ({built.env}, {built.base_domain}): {count.total} services"
    for sign, names in (("+", files.created), ("~", files.updated), ("-", files.removed)):
        for name in names:
            yield f"  {sign} {name}"
    for folder in built.scaffolded:
        yield f"  + {folder}/ from its template" + ("" if preview else ": yours from now on")
    for difference in built.differences:
        yield ""
        yield difference.text
    changed = len(files.created) + len(files.updated) + len(files.removed)
    if not changed and not built.scaffolded:
        yield Styled("nothing to do: the build is up to date", "green")
    elif preview:
        yield f"{changed} files would change"
    else:
        yield Styled(f"{changed} files written, {files.unchanged} unchanged", "green")
    if not preview and built.recommend != "none":
        yield f"next: nself {built.recommend}"
