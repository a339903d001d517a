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


@verb(
    short_help="Write everything that runs, from .env and nself.yml.",
    section="Core lifecycle",
    result="nself.actions.build:Built",
)
@click.option("-f", "--force", is_flag=True, help="Write every file, changed or not.")
@click.option("--only", metavar="PART[,PART]", help="Write these parts only: supervisor, nginx, env, services, ssl.")
@click.option("--no-ssl", is_flag=True, help="Leave the certificate alone.")
@click.option("--dry-run", is_flag=True, help="Say what would change; write nothing.")
@click.option("--diff", is_flag=True, help="Show how files change, line by line; values of env files stay hidden.")
@click.option("--validate", is_flag=True, help="Check the project's files only.")
@click.option("--check", is_flag=True, help="Exit 3 when a build would change anything (for CI); write nothing.")
@pass_app
def command(
    app: App, force: bool, only: str | None, no_ssl: bool, dry_run: bool, diff: bool, validate: bool, check: bool
) -> None:
    """Render the project into .nself/build: process manager, nginx, environment files, certificate.

    The same files give the same bytes; without changes nothing is written. `nself start` builds by itself.

    \b
    Examples:
      nself build
      nself build --dry-run --diff     what would change, and how
      nself build --check              in CI: is what is built still true?
    """
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


def _human(built: Built, *, preview: bool) -> Iterator[Line]:
    files, count = built.files, built.services
    yield f"{built.project} ({built.env}, {built.base_domain}): {count.total} services"
    for sign, names in (("+", files.created), ("~", files.updated), ("-", files.removed)):
        for name in names:
            yield f"  {sign} {name}"
    for difference in built.differences:
        yield ""
        yield difference.text
    changed = len(files.created) + len(files.updated) + len(files.removed)
    if not changed:
        yield Styled("nothing to do: the build is up to date", "green")
    elif preview:
        yield f"{changed} files would change"
    else:
        yield Styled(f"{changed} files written, {files.unchanged} unchanged", "green")
    if not preview and built.recommend != "none":
        yield f"next: nself {built.recommend}"
