"""How workers are started, and everything they may see: their variables, their files, their memory."""

from __future__ import annotations

import json
import os
import shutil
import sys
import tempfile
from pathlib import Path

from nself.errors import ProgramMissingError
from nself.functions.catalog import Language
from nself.functions.settings import FunctionsSettings
from nself.functions.worker import Program

_WORKERS = Path(__file__).parent / "workers"
_PATH = "/usr/local/bin:/usr/bin:/bin"
_MIB = 1024 * 1024
_DENO_OVERHEAD = 256 * _MIB
"""What V8 and Deno's threads map for themselves, beside what a function's own objects take."""


def program(language: Language, settings: FunctionsSettings) -> Program:
    return _python(settings) if language is Language.PYTHON else _deno(settings)


def environment(settings: FunctionsSettings) -> dict[str, str]:
    """The whole environment of a function: what the project gives it, and where the stack's own APIs are.

    Nothing of the server's environment comes along. Names are Nhost's and Hasura's, with short ones beside them.
    """
    urls = {
        "GRAPHQL_URL": settings.graphql_url,
        "AUTH_URL": settings.auth_url,
        "STORAGE_URL": settings.storage_url,
        "FUNCTIONS_URL": settings.functions_url,
    }
    jwt = json.dumps(settings.jwt_secret) if settings.jwt_secret else None
    found = {
        **urls,
        **{f"NHOST_{name}": url for name, url in urls.items()},
        "HASURA_GRAPHQL_ADMIN_SECRET": settings.admin_secret,
        "NHOST_ADMIN_SECRET": settings.admin_secret,
        "HASURA_GRAPHQL_JWT_SECRET": jwt,
        "NHOST_JWT_SECRET": jwt,
        "NHOST_WEBHOOK_SECRET": settings.webhook_secret,
        "DATABASE_URL": settings.database_url,
        "NODE_ENV": "development" if settings.dev else "production",
    }
    given = {name: str(value) for name, value in (settings.variables or {}).items()}
    system = {"PATH": _PATH, "HOME": _home(), "LANG": "C.UTF-8"}
    return system | {name: text for name, text in found.items() if text} | given


def _python(settings: FunctionsSettings) -> Program:
    """`-I`: no PYTHON* variable and no user site gets in; `-B`: nothing is written beside the user's files."""
    folder = functions_folder(settings)
    worker = _WORKERS / "python.py"
    return Program(
        argv=(settings.python or sys.executable, "-I", "-B", str(worker), "{socket}", str(folder)),
        env=environment(settings),
        folder=folder,
        memory_bytes=settings.memory_mb * _MIB,
    )


def _deno(settings: FunctionsSettings) -> Program:
    """Network and its own files, no writing and no programs. Fed through standard input, Deno looks for `deno.json`
    and `package.json` where it runs: in the functions folder."""
    folder = functions_folder(settings)
    cache = {"DENO_DIR": str(Path(settings.deno_cache).absolute())} if settings.deno_cache else {}
    readable = ",".join([str(folder), "{socket}", *cache.values()])
    return Program(
        argv=(
            *_ends_with_us(),
            deno_binary(),
            "run",
            "--ext=ts",
            "--quiet",
            "--no-prompt",
            "--no-lock",
            "--unstable-detect-cjs",
            f"--v8-flags=--max-old-space-size={settings.memory_mb}",
            "--allow-net",
            "--allow-env",  # the environment holds only what functions are given
            f"--allow-read={readable}",
            "--allow-write={socket}",  # connecting to a socket counts as both
            "-",
            "{socket}",
        ),
        env=environment(settings) | cache | {"NO_COLOR": "1", "DENO_NO_UPDATE_CHECK": "1"},
        folder=folder,
        script=_WORKERS / "deno.ts",
        memory_bytes=settings.memory_mb * _MIB + _DENO_OVERHEAD,
    )


def _home() -> str:
    """A container may run us under a number that has no user, and so no home."""
    try:
        return str(Path.home())
    except RuntimeError:
        return tempfile.gettempdir()


def _ends_with_us() -> tuple[str, ...]:
    """Deno cannot notice that the server was killed while a function loops; where the kernel can, it ends Deno then."""
    setpriv = shutil.which("setpriv", path=_PATH)
    return (setpriv, "--pdeathsig", "KILL", "--") if setpriv else ()


def functions_folder(settings: FunctionsSettings) -> Path:
    return Path(os.path.realpath(settings.folder))


def deno_binary() -> str:
    """The binary that the `deno` package installs."""
    try:
        from deno import find_deno_bin
    except ImportError as error:
        raise ProgramMissingError("TypeScript functions need Deno", fixes=["pip install deno"]) from error
    return str(find_deno_bin())
