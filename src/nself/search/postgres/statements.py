"""The SQL of one index: its table, and how rows get into it. Names are quoted here; values never come this way."""

# ruff: noqa: S608 # every name comes through `identifier`, every text through `_literal`

from __future__ import annotations

from typing import Final

from nself.pg.catalog import identifier
from nself.records import dataclass
from nself.search.source import Source

_TEXTS: Final = ("text", "character varying", "character", "citext", "name")
_TERMS: Final = ("terms", "front", "marks")
"""All words; those of the heaviest fields; and what is no word: runs of documents, and values that are filtered by."""
LONGEST: Final = 100_000
"""Characters of one field that are indexed: PostgreSQL holds a megabyte of words for a row, and refuses more."""
TIER_BITS: Final = (12, 15, 18, 21)
"""Documents belong to runs of 2^12, 2^15, … of them: `search.newest` finds the last ones by these numbers."""
POSITION: Final = '"search position"'
"""Beside the columns of a source, whatever those are called."""


@dataclass(frozen=True, slots=True)
class Statements:
    """The statements that make and fill the table `name` of schema `search` for a source."""

    source: Source
    name: str

    @property
    def _table(self) -> str:
        return f"search.{identifier(self.name)}"

    @property
    def _sequence(self) -> str:
        return _literal(f"search.{identifier(self.name + '_position')}")

    @property
    def _from(self) -> str:
        return self.source.table.quoted

    def create(self) -> str:
        source = self.source
        columns = "".join(f", {_attribute(name)} {type_}" for name, type_ in source.attributes.items())
        sequence = f"search.{identifier(self.name + '_position')}"
        statistics = ", ".join(f"ALTER COLUMN {each} SET STATISTICS 300" for each in _TERMS)
        return (
            f"CREATE SEQUENCE {sequence}; CREATE TABLE {self._table} (id {source.types[source.key]} PRIMARY KEY, "
            f"position bigint NOT NULL, terms tsvector NOT NULL, front tsvector, marks tsvector NOT NULL{columns}); "
            f"ALTER SEQUENCE {sequence} OWNED BY {self._table}.position; "
            f"ALTER TABLE {self._table} {statistics}"
        )

    def reserve(self) -> str:
        """Positions for $1 rows: what has to be added to 1, 2, … of them."""
        return f"SELECT max(nextval({self._sequence})) - $1 FROM generate_series(1, $1)"

    def copy(self) -> str:
        """The rows with keys above $1 (from the first when null) up to $2, to the positions behind $3."""
        key, kind = f"s.{identifier(self.source.key)}", self.source.types[self.source.key]
        rows = f"SELECT * FROM {self._from} s WHERE ($1::text IS NULL OR {key} > $1::text::{kind})"
        position = f"$3::bigint + row_number() OVER (ORDER BY r.{identifier(self.source.key)})"
        return f"{self._insert(f'({rows} AND {key} <= $2::text::{kind})', position)} ON CONFLICT DO NOTHING"

    def estimate(self) -> str:
        """About how many rows there are to copy, as PostgreSQL last counted; -1 when it never did."""
        return f"SELECT reltuples::bigint FROM pg_class WHERE oid = {_literal(self._from)}::regclass"

    def next_key(self) -> str:
        """The last key of the next $2 rows above $1 as text, null when there are none, and how many they are."""
        key, kind = identifier(self.source.key), self.source.types[self.source.key]
        return (
            f"SELECT (array_agg({key} ORDER BY {key} DESC))[1]::text AS last, count(*)::int AS rows "
            f"FROM (SELECT {key} FROM {self._from} WHERE "
            f"$1::text IS NULL OR {key} > $1::text::{kind} ORDER BY {key} LIMIT $2) s"
        )

    def finish(self) -> tuple[str, ...]:
        """What is quicker made once the rows are there."""
        attributes = self.source.attributes
        return (
            # A long list of unmerged additions would be read by every query.
            f"CREATE INDEX ON {self._table} USING gin (terms, front, marks) WITH (gin_pending_list_limit = 256)",
            f"CREATE INDEX ON {self._table} (position)",
            *(
                (f"CREATE INDEX ON {self._table} {'USING gin ' if type_.endswith('[]') else ''}({_attribute(name)})")
                for name, type_ in attributes.items()
            ),
            f"ANALYZE {self._table}",
        )

    def forget_deleted(self) -> str:
        """Rows deleted while they were being copied. Those that came back since have a position above $1."""
        key = identifier(self.source.key)
        return (
            f"DELETE FROM {self._table} d WHERE position <= $1 AND NOT EXISTS "
            f"(SELECT FROM {self._from} s WHERE s.{key} = d.id)"
        )

    def last_position(self) -> str:
        return f"SELECT last_value FROM search.{identifier(self.name + '_position')}"

    def words(self, *, trigrams: str) -> tuple[str, ...]:
        """The words as they are written, for corrections and unfinished words: not those of the language's grammar.
        `trigrams` is the operator class of pg_trgm, wherever that extension is."""
        table = f"search.{identifier(self.name + '_words')}"
        vector = " || ".join(
            f"to_tsvector('search.simple', {self._words(column, 's')})" for column in self.source.index.fields
        )
        rows = f"SELECT unnest(tsvector_to_array({vector})) AS word FROM {self._from} s"
        return (
            (
                # Made from a question, which PostgreSQL lets several processes answer.
                f'CREATE TABLE {table} AS SELECT word COLLATE "C" AS word, count(*)::int AS documents FROM ({rows}) w '
                "WHERE length(word) BETWEEN 2 AND 40 AND word ~ '[^0-9.,+-]' GROUP BY 1"
            ),
            f"ALTER TABLE {table} ADD PRIMARY KEY (word)",
            f"CREATE INDEX ON {table} USING gin (word {trigrams})",
            f"ANALYZE {table}",
        )

    def on_insert(self) -> str:
        return self._upsert("new_rows")

    def on_update(self) -> str:
        """Rows that changed in what is indexed; those whose key changed leave their old one behind."""
        key = identifier(self.source.key)
        same = " AND ".join(f"o.{name} IS NOT DISTINCT FROM n.{name}" for name in map(identifier, self._compared()))
        changed = (
            f"(SELECT n.* FROM new_rows n LEFT JOIN old_rows o ON o.{key} = n.{key} "
            f"WHERE o.{key} IS NULL OR NOT ({same}))"
        )
        gone = (
            f"DELETE FROM {self._table} d USING old_rows o WHERE d.id = o.{key} "
            f"AND NOT EXISTS (SELECT FROM new_rows n WHERE n.{key} = o.{key})"
        )
        return f"WITH gone AS ({gone}) {self._upsert(changed)}"

    def on_delete(self) -> str:
        return f"DELETE FROM {self._table} d USING old_rows o WHERE d.id = o.{identifier(self.source.key)}"

    def on_truncate(self) -> str:
        return f"DELETE FROM {self._table}"

    def function(self) -> str:
        """What applications call, by GraphQL or SQL: rows of the source itself, so that its permissions hold."""
        source, key = self.source, identifier(self.source.key)
        options = (
            "jsonb_build_object('filter', coalesce(filter, '{}'), 'sort', sort, 'language', language, "
            "'limit', max_rows)"
        )
        body = (
            f"SELECT s.* FROM search.matches({_literal(source.name)}, query, {options}) m "
            f"JOIN {self._from} s ON s.{key} = m.id::{source.types[source.key]} ORDER BY m.place"
        )
        name = f"search.{identifier(source.name)}"
        arguments = (
            "(query text, filter jsonb DEFAULT '{}', sort text DEFAULT NULL, language text DEFAULT NULL, "
            "max_rows integer DEFAULT 1000)"
        )
        return (
            f"CREATE OR REPLACE FUNCTION {name}{arguments} RETURNS SETOF {self._from} LANGUAGE sql STABLE ROWS 20 "
            f"AS {_literal(body)}; REVOKE ALL ON FUNCTION {name} FROM PUBLIC"
        )

    def _upsert(self, rows: str) -> str:
        names = map(_attribute, self.source.attributes)
        set_ = ", ".join(f"{name} = excluded.{name}" for name in ("position", *_TERMS, *names))
        return f"{self._insert(rows, f'nextval({self._sequence})')} ON CONFLICT (id) DO UPDATE SET {set_}"

    def _insert(self, rows: str, position: str) -> str:
        """`position` is SQL over a row `r`."""
        listed = "".join(f", {_attribute(name)}" for name in self.source.attributes)
        values = "".join(f", n.{identifier(name)}" for name in self.source.attributes)
        front, rest = self._terms()
        terms = " || ".join([*(["t.front"] if front else []), *rest])
        made = f"{terms}, t.front, array_to_tsvector({self._marks()})"
        return (
            f"INSERT INTO {self._table} (id, position, terms, front, marks{listed}) "
            f"SELECT n.{identifier(self.source.key)}, n.{POSITION}, {made}{values} "
            f"FROM (SELECT {position} AS {POSITION}, r.* FROM {rows} r) n, "
            f"LATERAL (SELECT {' || '.join(front) or 'NULL::tsvector'} AS front OFFSET 0) t"
        )

    def _terms(self) -> tuple[list[str], list[str]]:
        """The words of the fields in front, and those of the others."""
        index, front = self.source.index, self.source.front
        config = f"{_literal('search.' + identifier(index.language))}::regconfig"
        if index.language_column is not None:
            config = f"search.config(n.{identifier(index.language_column)}::text)"
        parts = {
            column: f"setweight(to_tsvector({config}, {self._words(column, 'n')}), '{weight}')"
            for column, weight in index.fields.items()
        }
        return [parts[each] for each in front], [part for each, part in parts.items() if each not in front]

    def _marks(self) -> str:
        """Terms that are no words: the runs of documents that one belongs to, and the values it is filtered by."""
        tiers = (f"E'\\x01{bits}.' || (n.{POSITION} >> {bits})" for bits in TIER_BITS)
        marks = f"ARRAY[{', '.join(tiers)}]"
        for number, column in enumerate(self.source.marked):
            value = f"n.{identifier(column)}"
            if self.source.types[column].endswith("[]"):
                marks += f" || ARRAY(SELECT search.mark({number}, v) FROM unnest({value}) v)"
            else:
                marks += f" || search.mark({number}, {value})"
        return marks

    def _words(self, column: str, row: str) -> str:
        name = f"{row}.{identifier(column)}"
        if self.source.types[column] in _TEXTS:
            return f"left(coalesce({name}::text, ''), {LONGEST})"
        return f"left(coalesce(search.words({name}), ''), {LONGEST})"

    def _compared(self) -> tuple[str, ...]:
        language = self.source.index.language_column
        columns = (*self.source.index.fields, *self.source.attributes, *((language,) if language else ()))
        return tuple(dict.fromkeys(columns))


def _attribute(name: str) -> str:
    """What a filterable or sortable column is called in the index, where `id` and `terms` are taken."""
    return identifier(f"by_{name}")


def _literal(text: str) -> str:
    """A text as SQL writes it, backslashes included."""
    quoted = text.replace("'", "''")
    return f" E'{quoted}'".replace("\\", "\\\\") if "\\" in text else f"'{quoted}'"
