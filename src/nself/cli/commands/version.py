"""`nself version`."""

from __future__ import annotations

import click

from nself.cli.app import App, pass_app, verb


@verb(short_help="Show version, platform and paths.", section="Utility", result="nself.actions.version:Version")
@click.option("--short", is_flag=True, help="The number alone.")
@pass_app
def command(app: App, short: bool) -> None:
    """Show which nself this is.

    \b
    Examples:
      nself version
      nself version --json
    """
    from nself.actions.version import Version, version

    def human(found: Version) -> list[str]:
        if short:
            return [found.version]
        rows = [
            ("nself", found.version),
            ("python", found.python),
            ("platform", found.platform),
            ("path", found.install_path),
        ]
        rows += [(name, text or "not installed") for name, text in found.programs.items()]
        return [f"{name:<11}{text}" for name, text in rows]

    app.output.result(version(app.host, app.environ), human)
