-- The search engine inside PostgreSQL. Run whole and as often as you like: it makes what is missing and replaces what
-- changed. `search.query` and the function each index gets are for applications; everything else is between us.

CREATE SCHEMA IF NOT EXISTS search;

CREATE TABLE IF NOT EXISTS search.indexes (
    name text PRIMARY KEY,
    engine text NOT NULL,
    source_schema text NOT NULL,
    source_table text NOT NULL,
    key_column text NOT NULL,
    fields text[] NOT NULL,
    -- {column: how it is filtered and sorted}: the types, as PostgreSQL writes them
    attributes jsonb NOT NULL,
    sortable text[] NOT NULL,
    language text NOT NULL,
    -- the definition as it was read, to tell whether the file has changed since
    definition jsonb NOT NULL,
    -- the table that answers, in this schema; beside it `<live>_words`
    live text,
    built_at timestamptz,
    -- why changes no longer reach the index
    problem text
);

-- Where the changes of a source go: the live table, and one that is being built. The SQL speaks of `new_rows` and
-- `old_rows`, the transition tables of the statement.
CREATE TABLE IF NOT EXISTS search.targets (
    name text PRIMARY KEY,
    index_name text NOT NULL REFERENCES search.indexes ON DELETE CASCADE,
    on_insert text NOT NULL,
    on_update text NOT NULL,
    on_delete text NOT NULL,
    on_truncate text NOT NULL
);

-- What an engine outside of PostgreSQL has not been told yet.
CREATE TABLE IF NOT EXISTS search.changes (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    index_name text NOT NULL REFERENCES search.indexes ON DELETE CASCADE,
    id text,
    -- id is null: the table was emptied
    at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX IF NOT EXISTS changes_by_index ON search.changes (index_name, number);

CREATE SEQUENCE IF NOT EXISTS search.build;

DO $$ BEGIN
    CREATE TYPE search.parsed AS (terms tsquery, config regconfig, corrected text, everything boolean);
    CREATE TYPE search.found AS (
        ids text[], ranks real[], total bigint, exact boolean, terms tsquery, config regconfig, corrected text
    );
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

DO $$ BEGIN
    -- `planned` is what indexes answer, `checked` what is looked at in the rows those give.
    CREATE TYPE search.narrowed AS (planned text, checked text);
    -- The best first. `met` rows were ranked; `whole`: there are no others. `expected` is a guess how many there are.
    CREATE TYPE search.ranking AS (ids text[], ranks real[], met bigint, whole boolean, expected float);
EXCEPTION WHEN duplicate_object THEN NULL;
END $$;

-- Writes go on whatever becomes of the index: what a changed source breaks is noted, and `service search status` says it.
-- It runs as the owner of the schema, since whoever writes to the source may not write here.
CREATE OR REPLACE FUNCTION search.changed() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER AS $$
DECLARE
    target record;
BEGIN
    FOR target IN SELECT * FROM search.targets WHERE index_name = TG_ARGV[0] LOOP
        BEGIN
            EXECUTE CASE TG_OP
                WHEN 'INSERT' THEN target.on_insert
                WHEN 'UPDATE' THEN target.on_update
                WHEN 'DELETE' THEN target.on_delete
                ELSE target.on_truncate
            END;
        EXCEPTION
            WHEN undefined_column OR undefined_table OR undefined_object OR undefined_function OR datatype_mismatch
                OR data_exception OR program_limit_exceeded THEN
                UPDATE search.indexes SET problem = SQLERRM
                WHERE name = TG_ARGV[0] AND problem IS NULL
                    AND EXISTS (SELECT FROM search.targets t WHERE t.name = target.name);
        END;
    END LOOP;
    RETURN NULL;
END $$;

-- One of ours for each configuration of PostgreSQL.
DO $$
DECLARE
    language text;
    accents boolean := EXISTS (SELECT FROM pg_extension WHERE extname = 'unaccent');
    schema_of_accents text := (
        SELECT nspname FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname = 'unaccent'
    );
    tokens constant text := 'asciiword, word, numword, hword, hword_part, hword_numpart, numhword';
BEGIN
    FOR language IN
        SELECT cfgname FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
        WHERE nspname = 'pg_catalog' AND NOT EXISTS (
            SELECT FROM pg_ts_config o JOIN pg_namespace s ON s.oid = o.cfgnamespace
            WHERE s.nspname = 'search' AND o.cfgname = c.cfgname
        )
    LOOP
        EXECUTE format('CREATE TEXT SEARCH CONFIGURATION search.%I (COPY = pg_catalog.%I)', language, language);
        IF accents THEN
            EXECUTE format(
                'ALTER TEXT SEARCH CONFIGURATION search.%I ALTER MAPPING FOR %s WITH %I.unaccent, %I', language,
                'hword, hword_part, word', schema_of_accents,
                CASE language WHEN 'simple' THEN 'simple' ELSE language || '_stem' END
            );
        END IF;
    END LOOP;
END $$;

-- The configuration of a language: ours, which ignores accents where it can; `simple` for one that is unknown.
CREATE OR REPLACE FUNCTION search.config(language text) RETURNS regconfig
LANGUAGE sql STABLE AS $$
    SELECT coalesce(
        (SELECT c.oid FROM pg_ts_config c JOIN pg_namespace n ON n.oid = c.cfgnamespace
            WHERE n.nspname = 'search' AND c.cfgname = lower(language)),
        'search.simple'::regconfig
    )::regconfig
$$;

-- What the words of a query mean to an index. The last word may be unfinished: it stands for the most frequent words
-- that begin with it. A word that no document has is replaced by the nearest that one has.
CREATE OR REPLACE FUNCTION search.parse(index search.indexes, q text, options jsonb) RETURNS search.parsed
LANGUAGE plpgsql STABLE AS $$
DECLARE
    -- Longer than any question: what is behind that says nothing.
    said text := btrim(left(q, 1000), E' \t\r\n');
    config regconfig := search.config(coalesce(options ->> 'language', index.language));
    typos boolean := coalesce((options ->> 'typos')::boolean, true);
    rest text;
    last_word text;
    word text;
    near text;
    completed text[];
    unfinished tsquery;
    result search.parsed;
BEGIN
    result.config := config;
    result.everything := said = '';
    IF result.everything THEN
        RETURN result;
    END IF;
    IF coalesce((options ->> 'prefix')::boolean, true) AND q !~ '\s$'
        AND (length(said) - length(replace(said, '"', ''))) % 2 = 0 THEN
        last_word := substring(said FROM '[[:alnum:]]{2,}$');
        rest := left(said, length(said) - length(last_word));
        IF rest ~* '(^|\s)or\s+$' OR rest ~ '[^\s]$' THEN
            last_word := NULL;
        END IF;
    END IF;
    IF last_word IS NOT NULL THEN
        EXECUTE format(
            'SELECT array_agg(word ORDER BY documents DESC) FROM (SELECT word, documents FROM search.%I'
            ' WHERE word LIKE $1 || ''%%'' ORDER BY documents DESC LIMIT 16) w', index.live || '_words'
        ) INTO completed USING (tsvector_to_array(to_tsvector('search.simple', last_word)))[1];
    END IF;
    IF typos THEN
        FOR word IN
            SELECT DISTINCT token FROM ts_parse('default', said)
            WHERE tokid IN (1, 2, 3) AND length(token) BETWEEN 4 AND 40
                AND NOT (completed IS NOT NULL AND token = last_word)
            LIMIT 8
        LOOP
            near := search.nearest(index.live, config, word);
            IF near IS NOT NULL THEN
                said := regexp_replace(said, '\m' || word || '\M', near, 'g');
                result.corrected := said;
            END IF;
        END LOOP;
    END IF;
    IF completed IS NULL THEN
        result.terms := websearch_to_tsquery(config, said);
        RETURN result;
    END IF;
    unfinished := plainto_tsquery(config, last_word);
    result.terms := websearch_to_tsquery(config, left(said, length(said) - length(last_word)));
    IF numnode(unfinished) > 0 THEN
        FOREACH word IN ARRAY completed LOOP
            unfinished := unfinished || plainto_tsquery(config, word);
        END LOOP;
        result.terms := CASE numnode(result.terms) WHEN 0 THEN unfinished ELSE result.terms && unfinished END;
    END IF;
    RETURN result;
END $$;

-- The word of an index that `word` most likely was meant to be; null if a document has it, or nothing comes near. Two
-- letters exchanged and one too many are tried by themselves: of a short word they leave too little for its trigrams.
CREATE OR REPLACE FUNCTION search.nearest(live text, config regconfig, word text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    plain text := (tsvector_to_array(to_tsvector('search.simple', word)))[1];
    slips text[];
    known boolean;
    near text;
BEGIN
    EXECUTE format(
        'SELECT EXISTS (SELECT FROM search.%I WHERE word = $1) OR EXISTS (SELECT FROM search.%I d WHERE d.terms @@ $2)',
        live || '_words', live
    ) INTO known USING plain, plainto_tsquery(config, word);
    IF known OR plain IS NULL THEN
        RETURN NULL;
    END IF;
    SELECT array_agg(left(plain, n - 1) || slip || substr(plain, n + 2)) INTO slips
        FROM generate_series(1, length(plain)) n,
        unnest(ARRAY[substr(plain, n + 1, 1) || substr(plain, n, 1), substr(plain, n + 1, 1)]) slip;
    EXECUTE format(
        'SELECT word FROM search.%1$I WHERE word = ANY ($3) OR word %% $1 AND levenshtein_less_equal(word, $1, $2) <= $2'
        ' ORDER BY CASE WHEN word = ANY ($3) THEN 1 ELSE levenshtein_less_equal(word, $1, $2) END,'
        ' similarity(word, $1) DESC, documents DESC LIMIT 1', live || '_words'
    ) INTO near USING plain, CASE WHEN length(plain) < 8 THEN 2 ELSE 3 END, slips;
    RETURN near;
END $$;
DROP FUNCTION IF EXISTS search.nearest(text, text);

-- A value of the n-th marked column of an index as a term: words and filters meet in one index. Values that are equal
-- have the same term; those that have the same term are still compared.
CREATE OR REPLACE FUNCTION search.mark(attribute int, value anyelement) RETURNS text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$ SELECT E'\x02' || attribute || '=' || hash_array(ARRAY[value]) $$;

-- The terms of documents that have one of these values, as SQL; null where the column has no terms.
CREATE OR REPLACE FUNCTION search.marks(index search.indexes, name text, wanted jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    number int := (
        SELECT place - 1 FROM jsonb_array_elements_text(index.definition -> 'marked') WITH ORDINALITY m(marked, place)
        WHERE marked = name
    );
    terms text;
BEGIN
    IF number IS NULL OR jsonb_array_length(wanted) > 100 THEN
        RETURN NULL;
    END IF;
    EXECUTE format(
        'SELECT string_agg(quote_literal(search.mark($1, v::%s)), '' | '') FROM jsonb_array_elements_text($2) v',
        regexp_replace(index.attributes ->> name, '\[\]$', '')
    ) INTO terms USING number, wanted;
    RETURN format(' AND d.marks @@ %L::tsquery', terms);
END $$;

-- SQL of a filter, whose values stay in the parameter $2: {"category": "books", "price": {"gte": 5}, "tag": ["a", "b"]}.
CREATE OR REPLACE FUNCTION search.narrow(index search.indexes, filter jsonb) RETURNS search.narrowed
LANGUAGE plpgsql STABLE AS $$
DECLARE
    comparisons constant jsonb := '{"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}';
    result search.narrowed := ('', '');
    name text;
    wanted jsonb;
    type text;
    comparison text;
    marks text;
    sql text;
BEGIN
    IF jsonb_typeof(filter) <> 'object' THEN
        RAISE EXCEPTION 'a filter is an object of attributes' USING ERRCODE = 'invalid_parameter_value';
    END IF;
    FOR name, wanted IN SELECT * FROM jsonb_each(filter) LOOP
        type := index.attributes ->> name;
        IF type IS NULL THEN
            RAISE EXCEPTION 'search index %: % is not filterable', index.name, name
                USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Filterable are: ' || (SELECT coalesce(string_agg(k, ', '), 'none') FROM jsonb_object_keys(index.attributes) k);
        END IF;
        marks := NULL;
        sql := '';
        CASE jsonb_typeof(wanted)
            WHEN 'object' THEN
                FOR comparison IN SELECT jsonb_object_keys(wanted) LOOP
                    IF NOT comparisons ? comparison THEN
                        RAISE EXCEPTION '% is no comparison', comparison USING ERRCODE = 'invalid_parameter_value',
                            HINT = 'There are eq, ne, gt, gte, lt and lte.';
                    END IF;
                    sql := sql || format(
                        ' AND d.%I %s ($2 #>> %L)::%s', 'by_' || name, comparisons ->> comparison, ARRAY[name, comparison], type
                    );
                END LOOP;
            WHEN 'array' THEN
                marks := search.marks(index, name, wanted);
                sql := format(
                    CASE WHEN type LIKE '%[]' THEN ' AND d.%I && %s::%s' ELSE ' AND d.%I = ANY (%s::%s)' END, 'by_' || name,
                    format('ARRAY(SELECT jsonb_array_elements_text($2 -> %L))', name),
                    CASE WHEN type LIKE '%[]' THEN type ELSE type || '[]' END
                );
            WHEN 'null' THEN
                sql := format(' AND d.%I IS NULL', 'by_' || name);
            ELSE
                marks := search.marks(index, name, jsonb_build_array(wanted));
                sql := CASE WHEN type LIKE '%[]'
                    THEN format(' AND d.%I @> ARRAY[$2 ->> %L]::%s', 'by_' || name, name, type)
                    ELSE format(' AND d.%I = ($2 ->> %L)::%s', 'by_' || name, name, type)
                END;
        END CASE;
        IF marks IS NULL THEN
            result.planned := result.planned || sql;
        ELSE
            -- `IS TRUE` hides the comparison from the planner, which would take it for a further condition.
            result.planned := result.planned || marks;
            result.checked := format('%s AND (%s) IS TRUE', result.checked, substr(sql, 6));
        END IF;
    END LOOP;
    RETURN result;
END $$;
DROP FUNCTION IF EXISTS search.conditions(search.indexes, jsonb);

-- How many rows the planner expects. VOLATILE because EXPLAIN is refused otherwise; it changes nothing.
CREATE OR REPLACE FUNCTION search.expected(live text, condition text, terms tsquery, filter jsonb) RETURNS float
LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    plan json;
BEGIN
    EXECUTE format('EXPLAIN (FORMAT JSON) SELECT FROM search.%I d WHERE %s', live, condition)
        INTO plan USING terms, filter;
    RETURN (plan -> 0 -> 'Plan' ->> 'Plan Rows')::float;
END $$;

-- The newest documents, as a query: each document has the number of its run of 4,096 for a term, and those of the runs of
-- 32,768, 262,144 and 2,097,152 it is in (`Statements.tiers`). So the newest `wanted` are a handful of terms, however many
-- documents there are; null when they are most of them.
CREATE OR REPLACE FUNCTION search.newest(last_position bigint, wanted bigint) RETURNS tsquery
LANGUAGE sql IMMUTABLE AS $$
    SELECT string_agg(format(E'\'\x01%s.%s\'', bits, tier), ' | ')::tsquery
    FROM (
        SELECT bits FROM unnest('{12, 15, 18, 21}'::int[]) bits
        WHERE wanted <= 8 * (1::bigint << bits) AND wanted * 2 < last_position ORDER BY bits LIMIT 1
    ) level,
    generate_series(greatest((last_position - wanted) >> bits, 0), last_position >> bits) tier
$$;

-- The condition that a document is among the newest. Indexes built by an earlier version have no `marks`.
CREATE OR REPLACE FUNCTION search.newest_of(index search.indexes, newest tsquery) RETURNS text
LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN newest IS NOT NULL
        THEN format(' AND d.%I @@ $3', CASE WHEN index.definition ? 'marked' THEN 'marks' ELSE 'terms' END) END
$$;

-- The matches of a condition, ranked. When there are more than 600 they are ranked in blocks of 200, those that were written
-- last first, and only as many blocks as are needed: the effort does not grow with the number of matches, and a page goes
-- on where the one before it ended. What documents have in front counts more than any number of words.
CREATE OR REPLACE FUNCTION search.ranked(
    index search.indexes, narrowed search.narrowed, terms tsquery, filter jsonb, candidates int, guess float
) RETURNS search.ranking
LANGUAGE plpgsql STABLE AS $$
DECLARE
    most constant int := 4 * candidates;
    rank constant text := 'ts_rank(d.terms, $1, 1)' || CASE
        WHEN narrowed.planned LIKE 'd.front @@ %' THEN ' + 1'
        WHEN (index.definition ->> 'front')::boolean THEN ' + (d.front @@ $1)::int'
        ELSE '' END;
    result search.ranking;
    last_position bigint;
    wanted bigint;
    newest tsquery;
    latest bigint;
    narrowed_again boolean := false;
BEGIN
    result.expected := guess;
    EXECUTE format('SELECT last_value FROM search.%I', index.live || '_position') INTO last_position;
    wanted := CASE WHEN result.expected > 600 THEN 1.3 * candidates * last_position / result.expected END;
    LOOP
        newest := search.newest(last_position, wanted);
        -- The newest are a condition of their own: the index then leaps over what is before them.
        EXECUTE format(
            'WITH c AS MATERIALIZED (SELECT d.id::text AS id, %s AS rank, d.position FROM search.%I d WHERE %s%s%s LIMIT $4),'
            ' o AS (SELECT *, CASE WHEN $5 OR (SELECT count(*) FROM c) > 600'
            ' THEN (row_number() OVER (ORDER BY position DESC) - 1) / 200 END AS block FROM c)'
            ' SELECT array_agg(id ORDER BY block, rank DESC, position DESC),'
            ' array_agg(rank ORDER BY block, rank DESC, position DESC), count(*), max(position) FROM o',
            rank, index.live, narrowed.planned, search.newest_of(index, newest), narrowed.checked
        ) INTO result.ids, result.ranks, result.met, latest USING terms, filter, newest, most, result.expected > 600;
        IF result.met >= most AND NOT narrowed_again THEN
            -- Far more than the planner thought, and these are the oldest of them.
            narrowed_again := true;
            result.expected := greatest(result.expected, result.met * last_position::float / latest);
            wanted := least(wanted / 4, 1.3 * candidates * last_position / result.expected);
        ELSE
            EXIT WHEN newest IS NULL OR result.met >= candidates;
            wanted := wanted * CASE WHEN narrowed_again THEN 2
                ELSE least(greatest(1.3 * candidates / greatest(result.met, 1), 2), 16) END;
        END IF;
    END LOOP;
    result.ids := coalesce(result.ids, '{}');
    result.ranks := coalesce(result.ranks, '{}');
    result.whole := newest IS NULL AND result.met < most;
    RETURN result;
END $$;

-- The best matches: those that have all the words in front, in the heaviest fields, then the others. Without words, or
-- with a sort, there is no rank and nothing is left out.
CREATE OR REPLACE FUNCTION search.find(index search.indexes, q text, options jsonb) RETURNS search.found
LANGUAGE plpgsql STABLE AS $$
DECLARE
    page constant int := least(greatest(coalesce((options ->> 'limit')::int, 20), 0), 10000);
    skip constant int := least(greatest(coalesce((options ->> 'offset')::int, 0), 0), 10000);
    candidates constant int := greatest(200, page + skip);
    filter constant jsonb := coalesce(options -> 'filter', '{}');
    parsed search.parsed := search.parse(index, q, options);
    narrowed search.narrowed := search.narrow(index, filter);
    result search.found;
    front search.narrowed;
    expected float;
    likely boolean;
    first search.ranking;
    others search.ranking;
BEGIN
    result.terms := parsed.terms;
    result.config := parsed.config;
    result.corrected := parsed.corrected;
    result.ids := '{}';
    result.total := 0;
    result.exact := true;
    IF NOT parsed.everything AND numnode(parsed.terms) = 0 THEN
        RETURN result;
    END IF;
    IF parsed.everything OR options ->> 'sort' IS NOT NULL THEN
        narrowed.planned := CASE WHEN parsed.everything THEN 'true' ELSE 'd.terms @@ $1' END || narrowed.planned;
        EXECUTE format(
            'SELECT array_agg(id ORDER BY place) FROM (SELECT d.id::text, row_number() OVER () AS place FROM'
            ' (SELECT d.id FROM search.%I d WHERE %s%s ORDER BY %s LIMIT $3 OFFSET $4) d) s',
            index.live, narrowed.planned, narrowed.checked, search.ordering(index, options ->> 'sort')
        ) INTO result.ids USING parsed.terms, filter, page, skip;
        result.ids := coalesce(result.ids, '{}');
        result.total := search.expected(index.live, narrowed.planned, parsed.terms, filter);
        result.exact := result.total <= 300 OR coalesce((options ->> 'exact')::boolean, false);
    ELSE
        -- What is in front is in the document, unless it must not be in there.
        front := (
            'd.front @@ $1' || narrowed.planned,
            CASE WHEN parsed.terms::text LIKE '%!%' THEN ' AND (d.terms @@ $1) IS TRUE' ELSE '' END || narrowed.checked
        );
        narrowed.planned := 'd.terms @@ $1' || narrowed.planned;
        expected := search.expected(index.live, narrowed.planned, parsed.terms, filter);
        -- Once before the others, which are then often not needed; once after them, when they came to be many more than
        -- expected.
        FOREACH likely IN ARRAY '{true, false}'::boolean[] LOOP
            IF (index.definition ->> 'front')::boolean AND first.met IS NULL
                AND (likely AND expected > 200 OR NOT likely AND others.met > 600) THEN
                first := search.ranked(
                    index, front, parsed.terms, filter, candidates,
                    search.expected(index.live, front.planned, parsed.terms, filter)
                );
            END IF;
            IF others.met IS NULL AND coalesce(first.met, 0) < greatest(page + skip, 1) THEN
                others := search.ranked(index, narrowed, parsed.terms, filter, candidates, expected);
            END IF;
        END LOOP;
        SELECT array_agg(id ORDER BY place), array_agg(rank ORDER BY place) INTO result.ids, result.ranks FROM (
            SELECT id, max(rank) AS rank, min(place) AS place
            FROM unnest(first.ids || others.ids, first.ranks || others.ranks) WITH ORDINALITY u(id, rank, place)
            GROUP BY id ORDER BY min(place) LIMIT page OFFSET skip
        ) best;
        result.ids := coalesce(result.ids, '{}');
        result.exact := coalesce(others.whole, false);
        result.total := CASE WHEN result.exact THEN others.met ELSE greatest(first.met, others.met, others.expected, expected) END;
        IF result.exact THEN
            RETURN result;
        END IF;
        result.exact := coalesce((options ->> 'exact')::boolean, false);
    END IF;
    IF result.exact THEN
        EXECUTE format('SELECT count(*) FROM search.%I d WHERE %s%s', index.live, narrowed.planned, narrowed.checked)
            INTO result.total USING parsed.terms, filter;
    END IF;
    RETURN result;
END $$;

-- How many matches there are of each value of some attributes, the most frequent 100: {attribute: {"values": [{"value",
-- "count"}], "exact"}}. When there are very many matches, those that were written last are counted and the counts are
-- multiplied, unless all are wanted.
CREATE OR REPLACE FUNCTION search.faceted(index search.indexes, terms tsquery, options jsonb, total bigint) RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    candidates constant int := 2000;
    most int := 4 * candidates;
    filter constant jsonb := coalesce(options -> 'filter', '{}');
    narrowed search.narrowed := search.narrow(index, filter);
    name text;
    wanted text[];
    counts text[];
    last_position bigint;
    expected float;
    newest tsquery;
    result jsonb;
    met bigint;
BEGIN
    FOR name IN SELECT DISTINCT jsonb_array_elements_text(options -> 'facets') LOOP
        IF NOT index.attributes ? name THEN
            RAISE EXCEPTION 'search index %: % is not filterable', index.name, name
                USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Filterable are: ' || (SELECT coalesce(string_agg(k, ', '), 'none') FROM jsonb_object_keys(index.attributes) k);
        END IF;
        wanted := wanted || format('d.%I', 'by_' || name);
        counts := counts || format(
            '%L, (SELECT coalesce(jsonb_agg(jsonb_build_object(''value'', v, ''count'', n) ORDER BY n DESC, v), ''[]'') FROM'
            ' (SELECT v, count(*) AS n FROM c, unnest(%s) v GROUP BY v ORDER BY n DESC, v LIMIT 100) g)', name,
            format(CASE WHEN index.attributes ->> name LIKE '%[]' THEN 'c.%I' ELSE 'ARRAY[c.%I]' END, 'by_' || name)
        );
    END LOOP;
    IF wanted IS NULL THEN
        RETURN '{}';
    END IF;
    narrowed.planned := CASE WHEN terms IS NULL THEN 'true' ELSE 'd.terms @@ $1' END || narrowed.planned;
    IF coalesce((options ->> 'exact')::boolean, false) THEN
        most := NULL;
    ELSE
        expected := search.expected(index.live, narrowed.planned, terms, filter);
        EXECUTE format('SELECT last_value FROM search.%I', index.live || '_position') INTO last_position;
        newest := search.newest(
            last_position, CASE WHEN expected > 2 * candidates THEN 1.3 * candidates * last_position / expected END::bigint
        );
    END IF;
    EXECUTE format(
        'WITH c AS MATERIALIZED (SELECT %s FROM search.%I d WHERE %s%s%s LIMIT $4) SELECT (SELECT count(*) FROM c),'
        ' jsonb_build_object(%s)', array_to_string(wanted, ', '), index.live, narrowed.planned,
        search.newest_of(index, newest), narrowed.checked, array_to_string(counts, ', ')
    ) INTO met, result USING terms, filter, newest, most;
    RETURN search.estimated(result, newest IS NULL AND met < coalesce(most, met + 1), total::float / greatest(met, 1));
END $$;

-- Counts as they are when they are `exact`, else multiplied.
CREATE OR REPLACE FUNCTION search.estimated(facets jsonb, exact boolean, times float) RETURNS jsonb
LANGUAGE sql IMMUTABLE AS $$
    SELECT jsonb_object_agg(name, jsonb_build_object('exact', exact, 'values', CASE WHEN exact THEN counted ELSE (
        SELECT coalesce(jsonb_agg(
            jsonb_build_object('value', v -> 'value', 'count', round((v ->> 'count')::float * greatest(times, 1))) ORDER BY place
        ), '[]') FROM jsonb_array_elements(counted) WITH ORDINALITY e(v, place)
    ) END)) FROM jsonb_each(facets) f(name, counted)
$$;

-- `price`, `-price`, or both kinds separated by commas.
CREATE OR REPLACE FUNCTION search.ordering(index search.indexes, sort text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    part text;
    sql text := '';
BEGIN
    FOREACH part IN ARRAY string_to_array(coalesce(sort, ''), ',') LOOP
        IF ltrim(btrim(part), '-') <> ALL (index.sortable) THEN
            RAISE EXCEPTION 'search index %: % is not sortable', index.name, ltrim(btrim(part), '-')
                USING ERRCODE = 'invalid_parameter_value',
                HINT = 'Sortable are: ' || coalesce(nullif(array_to_string(index.sortable, ', '), ''), 'none');
        END IF;
        sql := sql || format('d.%I %s, ', 'by_' || ltrim(btrim(part), '-'), CASE WHEN btrim(part) LIKE '-%' THEN 'DESC' ELSE 'ASC' END);
    END LOOP;
    RETURN sql || 'd.position DESC';
END $$;

CREATE OR REPLACE FUNCTION search.index_of(wanted text) RETURNS search.indexes
LANGUAGE plpgsql STABLE AS $$
DECLARE
    index search.indexes;
BEGIN
    SELECT * INTO index FROM search.indexes WHERE name = wanted AND engine = 'postgres';
    IF index.live IS NULL THEN
        RAISE EXCEPTION 'there is no search index %', wanted USING ERRCODE = 'undefined_object',
            HINT = 'There are: ' || (
                SELECT coalesce(string_agg(name, ', ' ORDER BY name), 'none') FROM search.indexes WHERE live IS NOT NULL AND engine = 'postgres'
            );
    END IF;
    RETURN index;
END $$;

-- The keys of the best matches in their order, for the function that each index has.
CREATE OR REPLACE FUNCTION search.matches(index_name text, q text, options jsonb)
RETURNS TABLE (place bigint, id text) LANGUAGE sql STABLE ROWS 20 AS $$
    SELECT u.place, u.id FROM search.find(search.index_of(index_name), q, options) f, unnest(f.ids) WITH ORDINALITY u(id, place)
$$;

-- The matches of a query as JSON. Options: limit, offset, filter, sort, highlight (true, or {"pre", "post"}), language,
-- prefix, typos, facets (names of attributes), exact (count every match, however many there are).
CREATE OR REPLACE FUNCTION search.query(index_name text, q text, options jsonb DEFAULT '{}') RETURNS jsonb
LANGUAGE plpgsql STABLE AS $$
DECLARE
    index search.indexes := search.index_of(index_name);
    found search.found := search.find(index, q, options);
    shown text;
    marked text := '''{}''::jsonb';
    hits jsonb;
BEGIN
    SELECT string_agg(format('%L, s.%I', c, c), ', ') INTO shown FROM (
        SELECT DISTINCT unnest(index.key_column || index.fields || ARRAY(SELECT jsonb_object_keys(index.attributes))) c
    ) columns;
    IF coalesce(options -> 'highlight', 'false') <> 'false' AND found.terms IS NOT NULL THEN
        SELECT format('jsonb_build_object(%s)', string_agg(format('%L, search.marked(s.%I, $2, $3, $4)', f, f), ', '))
            INTO marked FROM unnest(index.fields) f;
    END IF;
    EXECUTE format(
        'SELECT jsonb_agg(jsonb_build_object(''id'', s.%I, ''rank'', h.rank, ''document'', jsonb_build_object(%s),'
        ' ''highlight'', %s) ORDER BY h.place) FROM unnest($1::%s[], $5) WITH ORDINALITY h(id, rank, place)'
        ' JOIN %I.%I s ON s.%I = h.id', index.key_column, shown, marked, index.definition ->> 'key_type',
        index.source_schema, index.source_table, index.key_column
    ) INTO hits USING found.ids, found.config, found.terms, options -> 'highlight', found.ranks;
    RETURN jsonb_build_object(
        'index', index.name, 'hits', coalesce(hits, '[]'), 'total', found.total, 'exact', found.exact,
        'corrected', found.corrected, 'problem', index.problem,
        'facets', CASE WHEN options ? 'facets' THEN search.faceted(index, found.terms, options, found.total) ELSE '{}' END
    );
END $$;

-- A text as HTML with the words of the query marked. The text itself is escaped: what users write is never markup.
CREATE OR REPLACE FUNCTION search.marked(field anyelement, config regconfig, terms tsquery, tags jsonb) RETURNS text
LANGUAGE sql STABLE AS $$
    SELECT replace(replace(
        ts_headline(
            config, replace(replace(replace(left(search.words(field), 100000), '&', '&amp;'), '<', '&lt;'), '>', '&gt;'), terms,
            CASE WHEN length(search.words(field)) < 200 THEN E'StartSel=\x02, StopSel=\x03, HighlightAll=true'
                ELSE E'StartSel=\x02, StopSel=\x03, MaxFragments=2, MaxWords=30, MinWords=10' END
        ), E'\x02', coalesce(tags ->> 'pre', '<mark>')), E'\x03', coalesce(tags ->> 'post', '</mark>'))
$$;

-- The words in a value: a text as it is, of an array its elements, of JSON its texts.
CREATE OR REPLACE FUNCTION search.words(field anyelement) RETURNS text
LANGUAGE plpgsql STABLE PARALLEL SAFE AS $$
BEGIN
    RETURN translate(CASE
        WHEN pg_typeof(field) IN ('json'::regtype, 'jsonb'::regtype) THEN (
            SELECT string_agg(v #>> '{}', ' ') FROM jsonb_path_query(to_jsonb(field), 'strict $.**') v
            WHERE jsonb_typeof(v) = 'string'
        )
        WHEN pg_typeof(field)::text LIKE '%[]' THEN (
            SELECT string_agg(v, ' ') FROM jsonb_array_elements_text(to_jsonb(field)) v
        )
        ELSE field::text
    END, E'\x01\x02\x03', '');
END $$;

-- Our functions see PostgreSQL's own names and those of the extensions they use, whatever the caller's search_path.
DO $$
DECLARE
    function regprocedure;
    extensions text := (
        SELECT coalesce(string_agg(DISTINCT quote_ident(nspname), ', '), 'public') FROM pg_extension e
        JOIN pg_namespace n ON n.oid = e.extnamespace WHERE extname IN ('pg_trgm', 'fuzzystrmatch')
    );
BEGIN
    FOR function IN
        SELECT oid FROM pg_proc WHERE pronamespace = 'search'::regnamespace
            AND proname = ANY ('{changed,parse,nearest,marks,narrow,expected,ranked,find,faceted,query,marked}')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %s, pg_temp', function, extensions);
    END LOOP;
    ALTER FUNCTION search.find(search.indexes, text, jsonb) SET enable_seqscan = off;
    ALTER FUNCTION search.find(search.indexes, text, jsonb) SET jit = off;
    ALTER FUNCTION search.faceted(search.indexes, tsquery, jsonb, bigint) SET enable_seqscan = off;
    ALTER FUNCTION search.faceted(search.indexes, tsquery, jsonb, bigint) SET jit = off;
END $$;

-- Nobody but the owner unless granted: these functions read what PostgreSQL lets their caller read, and GraphQL's roles
-- are not PostgreSQL's.
REVOKE ALL ON SCHEMA search FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA search FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA search FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA search FROM PUBLIC;
