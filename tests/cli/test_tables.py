"""Tables in terminals of any width: every word of them stays on the screen."""

from __future__ import annotations

import pytest

from nself.cli.tables import drawn

SERVICES = (
    ("SERVICE", "STATE", "PORTS"),
    [
        ("postgres", "running", "127.0.0.1:5432"),
        ("seaweedfs", "running", "127.0.0.1:8333, 127.0.0.1:9333"),
        ("x", "stopped", ""),
    ],
)
TEMPLATES = (("TEMPLATE", "WHAT IT IS"), [("go", "JSON API on gin, one static binary, logs by slog."), ("custom", "-")])


def text(table: tuple[tuple[str, ...], list[tuple[str, ...]]], width: int) -> str:
    return "\n".join(line for lines in drawn(*table, width) for line in lines)


def test_what_fits_is_one_line_a_row() -> None:
    assert (
        text(SERVICES, 80)
        == """\
SERVICE    STATE    PORTS
postgres   running  127.0.0.1:5432
seaweedfs  running  127.0.0.1:8333, 127.0.0.1:9333
x          stopped"""
    )


def test_words_of_the_last_column_go_on_below_it() -> None:
    assert (
        text(TEMPLATES, 40)
        == """\
TEMPLATE  WHAT IT IS
go        JSON API on gin, one static
          binary, logs by slog.
custom    -"""
    )


def test_what_cannot_be_broken_stands_below_its_row() -> None:
    assert (
        text(SERVICES, 30)
        == """\
SERVICE    STATE
  PORTS
postgres   running
  127.0.0.1:5432
seaweedfs  running
  127.0.0.1:8333,
  127.0.0.1:9333
x          stopped"""
    )


def test_a_spare_column_is_left_out_where_a_row_would_not_be_a_line() -> None:
    (_, *rows) = drawn(*TEMPLATES, 40, spare=True)
    assert rows == [["go"], ["custom"]]
    (_, *rows) = drawn(*TEMPLATES, 80, spare=True)
    assert rows[0] == ["go        JSON API on gin, one static binary, logs by slog."]


@pytest.mark.parametrize("width", [1, 10, 20, 33, 60, 80])
@pytest.mark.parametrize("table", [SERVICES, TEMPLATES])
def test_nothing_is_lost_at_any_width(table: tuple[tuple[str, ...], list[tuple[str, ...]]], width: int) -> None:
    words = [word for row in (table[0], *table[1]) for cell in row for word in cell.split()]
    assert text(table, width).split() == words


@pytest.mark.parametrize("width", [44, 60, 80])
@pytest.mark.parametrize("table", [SERVICES, TEMPLATES])
def test_no_line_is_wider_than_the_terminal(table: tuple[tuple[str, ...], list[tuple[str, ...]]], width: int) -> None:
    assert max(map(len, text(table, width).splitlines())) <= width
