"""`python -m nself.runtimes.native.exec [--chdir DIR] ENV_FILE [--as-is] -- COMMAND…`: become a service's command.

The variables come from a file only the stack's account may read, so they are in no argv and in no configuration.
There is no shell; `$PORT` and `${PORT}` in a custom command's words stand for what the service is given all the same.
With `--as-is` they stand for themselves.
"""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from nself import settings

AS_IS = "--as-is"
_VARIABLE = re.compile(r"\$(?:\{([A-Za-z_][A-Za-z0-9_]*)\}|([A-Za-z_][A-Za-z0-9_]*))")


def main(arguments: Sequence[str]) -> int:
    own, command = list(arguments[: arguments.index("--")]), list(arguments[arguments.index("--") + 1 :])
    as_is = own[-1] == AS_IS
    folder, file = (Path(own[1]) if own[0] == "--chdir" else None), own[-2 if as_is else -1]
    variables = {**os.environ, **settings.from_file(Path(file).read_text(encoding="utf-8"))}  # noqa: TID251
    command = command if as_is else [expanded(word, variables) for word in command]
    if folder is not None and not folder.is_dir():
        sys.stderr.write(f"{folder} does not exist, where {command[0]} is to run\n")
        return 127
    try:
        if folder is not None:
            os.chdir(folder)
        os.execvpe(command[0], command, variables)
    except OSError as error:
        # To the service's log: why its command could not be run.
        sys.stderr.write(f"{command[0]} cannot be run in {folder or Path.cwd()}: {error.strerror}\n")
        return 127


def expanded(word: str, environ: Mapping[str, str]) -> str:
    """Variables that are not set stay as written: they may mean something to the program."""
    return _VARIABLE.sub(lambda found: environ.get(found[1] or found[2], found[0]), word)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
