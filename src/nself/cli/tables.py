"""A table as lines of text for a terminal of any width: what does not fit stands below, nothing is cut off."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

GAP = "  "
LEAST = 24
"""A last column narrower than this is not filled with broken text: it stands below its row, in one piece."""


def drawn(
    headings: Sequence[str], rows: Sequence[Sequence[str]], width: int, *, spare: bool = False
) -> Iterator[list[str]]:
    """The lines of the headings, then of each row. A `spare` last column is left out where a row would not be one."""
    table = [list(row) for row in (headings, *rows)]
    widths = [max(len(row[column]) for row in table) for column in range(len(headings))]
    if spare and _taken(range(len(widths)), widths, below=False) - len(GAP) > width:
        table = [row[:-1] for row in table]
        widths.pop()
    lines = _folded(table, widths, width)
    for row in table:
        yield list(_row(row, widths, lines, width))


def _folded(table: Sequence[Sequence[str]], widths: Sequence[int], width: int) -> list[list[int]]:
    """The columns of each line of a row. The last one may take several lines where it is made of words."""
    lines: list[list[int]] = [[]]
    for column in range(len(widths)):
        taken = _taken(lines[-1], widths, below=len(lines) > 1)
        wanted = widths[column]
        if column == len(widths) - 1 and width - taken >= LEAST:
            wanted = max(len(word) for row in table for word in (row[column].split() or [""]))
        if lines[-1] and taken + wanted > width:
            lines.append([])
        lines[-1].append(column)
    return lines


def _taken(columns: Sequence[int], widths: Sequence[int], *, below: bool) -> int:
    """Up to where the next column begins."""
    return sum(widths[column] + len(GAP) for column in columns) + len(GAP) * below


def _row(row: Sequence[str], widths: Sequence[int], lines: Sequence[Sequence[int]], width: int) -> Iterator[str]:
    for number, columns in enumerate(lines):
        *before, last = columns
        begin = GAP * bool(number) + "".join(row[column].ljust(widths[column]) + GAP for column in before)
        first, *more = _broken(row[last], width - len(begin)) if last == len(row) - 1 else [row[last]]
        if number == 0 or any(row[column] for column in columns):
            yield (begin + first).rstrip()
        yield from (" " * len(begin) + text for text in more)


def _broken(text: str, width: int) -> list[str]:
    """In pieces of whole words, one at least."""
    if len(text) <= width:
        return [text]
    import textwrap

    return textwrap.wrap(text, max(width, LEAST), break_long_words=False, break_on_hyphens=False) or [""]
