"""Reference pages printed from what is declared, so that they cannot be wrong."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from nself.actions.config.read import full_schema
from nself.model.document import DocumentSettings, extra_fields, fields_of
from nself.model.keys import PASSED_THROUGH, RESERVED
from nself.model.obsolete import OBSOLETE
from nself.services import extensions as catalogue
from nself.services import images
from nself.services.extensions import Extension
from nself.settings import REQUIRED, Declared, as_text, describe

_HEAD = """\
# Settings

Every variable a project may set, printed by the program from its own declarations; do not edit.
`nself config list` shows them with your project's values, `nself config explain KEY` where a value comes from,
`nself config schema` prints all of this as JSON Schema.

## Where a value comes from

Later wins:

1. built-in defaults
2. `nself.yml` (`project.name` is `PROJECT_NAME`)
3. `.env.dev`
4. `.env.staging` or `.env.prod`, whichever the environment is
5. `.environments/<env>/.env`
6. `.env.local` (dev only)
7. `.env.secrets`, then `.environments/<env>/.env.secrets`
8. `.env`
9. the process environment: names on this page only
10. `NSELF_VAR_<NAME>` in the process environment, for any name

The environment is `--env`, else `TARGET_ENV`, `NSELF_ENV` or `ENV` of the process, else of `.env`, `.env.local` or
`.env.dev`, else `environments.default` of `nself.yml`, else dev. `DEV_DOMAIN`, `STAGING_DOMAIN` and `PROD_DOMAIN`
become `BASE_DOMAIN` in their environment.

Env files hold `KEY=value`, `KEY='literal'` or `KEY="with \\n escapes"`; `${NAME}` and `${NAME:-default}` stand for the
winning value of NAME, wherever it is set. Nothing is ever executed.
"""


_EXTENSIONS = """\
# PostgreSQL extensions

What `POSTGRES_EXTENSIONS` may name, printed by the program from its own table; do not edit.

Natively an extension comes from the PostgreSQL programs of the machine: those of the wheel, else the system's, where
`package` is what to install. In containers the extensions choose the image: the first of the images below that has all
of them. Each extension is created in the project's database, and its library is loaded at the start of the server where
it needs that: adding one of those restarts PostgreSQL. `POSTGRES_IMAGE` names another image, built on the official one;
then any extension may be named.
"""


def extensions() -> str:
    """The text of `docs/reference/postgres-extensions.md`."""
    lines = [_EXTENSIONS, "## Images", "", "| image | PostgreSQL | beside PostgreSQL's own |", "| --- | --- | --- |"]
    for each in catalogue.suppliers():
        repository = images.image(each.name).reference.rsplit(":", 1)[0]
        more = ", ".join(f"`{name}`" for name in sorted(each.extensions)) or "-"
        lines.append(f"| `{repository}` | {', '.join(map(str, each.tags))} | {more} |")
    lines += ["", "## Extensions", "", "| extension | what it is | images | package | library | also written |"]
    lines += ["| --- | --- | --- | --- | --- | --- |"]
    lines += [_extension(row) for row in catalogue.table().values()]
    return "\n".join(lines) + "\n"


def _extension(row: Extension) -> str:
    holders = [each.name for each in catalogue.suppliers() if row.name in each.extensions]
    images_with = ("all" if row.ours else "all but ours") if row.own else ", ".join(holders) or "-"
    if row.own and row.until < max(catalogue.suppliers()[1].tags):
        images_with = f"up to PostgreSQL {row.until}"
    package = f"`{row.package.format(major='N')}`" if row.package else "-"
    written = ", ".join(f"`{alias}`" for alias in row.aliases) or "-"
    library = f"`{row.preload}`" if row.preload else "-"
    return f"| `{row.name}` | {row.about} | {images_with} | {package} | {library} | {written} |"


def settings() -> str:
    """The text of `docs/reference/settings.md`."""
    schema = full_schema()
    sections: dict[str, list[Declared]] = {}
    for items in schema.declared.values():
        sections.setdefault(schema.sections[items[0].owner], []).append(items[0])
    lines = [_HEAD, "## Names nself does not know", "", *_unknown()]
    for title, declared in sections.items():
        lines += ["", f"## {title}", "", *_table(declared)]
    lines += ["", "## nself.yml", "", *_document()]
    return "\n".join(lines) + "\n"


def _unknown() -> Iterator[str]:
    passed, reserved = ", ".join(f"`{name}*`" for name in PASSED_THROUGH), ", ".join(f"`{name}*`" for name in RESERVED)
    yield "Your own programs may read variables of their own. An unknown name"
    yield ""
    yield f"- with the prefix {passed} reaches its server as it is, with a warning: upstream has more than we declare;"
    yield f"- with another of the prefixes {reserved} is a mistake and named with the nearest name that exists;"
    yield "- that is nearly one of the names below is a warning;"
    yield "- is yours otherwise."
    yield ""
    yield from (f"- `{name}` {text}." for name, text in OBSOLETE.items())


def _table(declared: Iterable[Declared]) -> Iterator[str]:
    yield "| variable | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    for item in declared:
        variable = item.variable
        notes = [variable.help or "Passed to its server as it is."]
        notes += ["Secret."] if variable.secret else []
        notes += [f"Made by `nself init`, {variable.generate} characters."] if variable.generate else []
        notes += [f"Also read as {', '.join(f'`{alias}`' for alias in variable.aliases)}."] if variable.aliases else []
        notes += [f"Example: `{variable.example}`."] if variable.example else []
        cells = (f"`{variable.name}`", item.type_name, _default(item), " ".join(notes))
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |"


def _document() -> Iterator[str]:
    yield "| key | type | default | meaning |"
    yield "| --- | --- | --- | --- |"
    rows = [(item.variable.name, item) for item in describe(DocumentSettings)]
    for section in ("services", "frontends"):
        rows += [(f"{section}.<name>.{key}", item) for key, item in fields_of(section).items()]
    for path, item in rows:
        cells = (f"`{path}`", item.type_name, _default(item), item.variable.help)
        yield f"| {' | '.join(_cell(cell) for cell in cells)} |"
    for key in extra_fields("services"):
        meaning = {"template": "Template its folder was made from.", "env": "Variables of this service alone."}[key]
        yield f"| `services.<name>.{key}` | {'mapping' if key == 'env' else 'text'} | - | {meaning} |"


def _default(item: Declared) -> str:
    if item.default is REQUIRED:
        return "-"
    text = "" if item.default is None else as_text(item.default)
    return f"`{text}`" if text else "-"


def _cell(text: str) -> str:
    return text.replace("|", "\\|") if text.startswith("`") else text.replace("|", "\\|").replace("<", "\\<")
