from __future__ import annotations

from pathlib import Path

import pytest

from nself.errors import ConfigError
from nself.graphql.metadata import directory, files
from nself.graphql.metadata.files import Place
from tests.graphql.metadata.test_directory import write

TABLE = """\
table:
  schema: public
  name: users
select_permissions:
  - role: user
    permission:
      columns: [id]
      filter: {}
"""


def project(folder: Path) -> Path:
    return write(
        folder,
        {
            "version.yaml": "version: 3\n",
            "databases/databases.yaml": "- name: default\n  kind: postgres\n  tables: '!include default/tables.yaml'\n",
            "databases/default/tables.yaml": "# all of them\n- '!include public_users.yaml'\n",
            "databases/default/public_users.yaml": TABLE,
            "cron_triggers.yaml": "- name: nightly\n  schedule: 0 0 * * *\n",
        },
    )


@pytest.mark.parametrize(
    ("steps", "place"),
    [
        (("sources", 0), Place("databases/databases.yaml", 1)),
        (("sources", 0, "kind"), Place("databases/databases.yaml", 2)),
        (("sources", 0, "tables", 0), Place("databases/default/public_users.yaml", 1)),
        (("sources", 0, "tables", 0, "select_permissions", 0), Place("databases/default/public_users.yaml", 5)),
        (
            ("sources", 0, "tables", 0, "select_permissions", 0, "permission", "filter"),
            Place("databases/default/public_users.yaml", 8),
        ),
        (
            ("sources", 0, "tables", 0, "select_permissions", 7, "nothing"),
            Place("databases/default/public_users.yaml", 4),
        ),
        (("cron_triggers", 0, "schedule"), Place("cron_triggers.yaml", 2)),
        (("sources", 3), None),
    ],
)
def test_every_entry_knows_its_line_through_includes(
    tmp_path: Path, steps: tuple[str | int, ...], place: Place | None
) -> None:
    assert files.place(directory.read_json(project(tmp_path)), steps) == place


@pytest.mark.parametrize(
    "text", ["a: [", "\t- a", "[" * 100_000, "? [a, b]\n: c\n- d", "a: *gone", "!!python/object:os.system {}"]
)
def test_what_is_not_yaml_names_the_file(tmp_path: Path, text: str) -> None:
    (project(tmp_path) / "cron_triggers.yaml").write_text(text)
    with pytest.raises(ConfigError, match="cron_triggers"):
        directory.read_json(tmp_path)
