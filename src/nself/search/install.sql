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
    words text := index.live || '_words';
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
            ' WHERE word LIKE $1 || ''%%'' ORDER BY documents DESC LIMIT 16) w', words
        ) INTO completed USING (tsvector_to_array(to_tsvector('search.simple', last_word)))[1];
    END IF;
    IF typos THEN
        FOR word IN
            SELECT DISTINCT token FROM ts_parse('default', said)
            WHERE tokid IN (1, 2, 3) AND length(token) BETWEEN 4 AND 40
                AND NOT (completed IS NOT NULL AND token = last_word)
            LIMIT 8
        LOOP
            near := search.nearest(words, word);
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

-- The word of an index that `word` most likely was meant to be; null if it is one itself, or nothing comes near.
CREATE OR REPLACE FUNCTION search.nearest(words text, word text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    plain text := (tsvector_to_array(to_tsvector('search.simple', word)))[1];
    known boolean;
    near text;
BEGIN
    EXECUTE format('SELECT EXISTS (SELECT FROM search.%I WHERE word = $1)', words) INTO known USING plain;
    IF known OR plain IS NULL THEN
        RETURN NULL;
    END IF;
    EXECUTE format(
        'SELECT word FROM search.%I WHERE word %% $1 AND levenshtein_less_equal(word, $1, $2) <= $2'
        ' ORDER BY levenshtein_less_equal(word, $1, $2), similarity(word, $1) DESC, documents DESC LIMIT 1', words
    ) INTO near USING plain, CASE WHEN length(plain) < 8 THEN 2 ELSE 3 END;
    RETURN near;
END $$;

-- SQL of a filter, whose values stay in the parameter $2: {"category": "books", "price": {"gte": 5}, "tag": ["a", "b"]}.
CREATE OR REPLACE FUNCTION search.conditions(index search.indexes, filter jsonb) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
    comparisons constant jsonb := '{"eq": "=", "ne": "<>", "gt": ">", "gte": ">=", "lt": "<", "lte": "<="}';
    sql text := 'true';
    name text;
    wanted jsonb;
    type text;
    comparison text;
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
                sql := sql || format(
                    CASE WHEN type LIKE '%[]' THEN ' AND d.%I && %s::%s' ELSE ' AND d.%I = ANY (%s::%s)' END, 'by_' || name,
                    format('ARRAY(SELECT jsonb_array_elements_text($2 -> %L))', name),
                    CASE WHEN type LIKE '%[]' THEN type ELSE type || '[]' END
                );
            WHEN 'null' THEN
                sql := sql || format(' AND d.%I IS NULL', 'by_' || name);
            ELSE
                sql := sql || CASE WHEN type LIKE '%[]'
                    THEN format(' AND d.%I @> ARRAY[$2 ->> %L]::%s', 'by_' || name, name, type)
                    ELSE format(' AND d.%I = ($2 ->> %L)::%s', 'by_' || name, name, type)
                END;
        END CASE;
    END LOOP;
    RETURN sql;
END $$;

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

-- The best matches. Of a query that more than `candidates` documents match, those that were written last are ranked: the
-- effort does not grow with the number of matches. Without words, or with a sort, there is no rank and nothing is left out.
CREATE OR REPLACE FUNCTION search.find(index search.indexes, q text, options jsonb) RETURNS search.found
LANGUAGE plpgsql STABLE AS $$
DECLARE
    page constant int := least(greatest(coalesce((options ->> 'limit')::int, 20), 0), 10000);
    skip constant int := least(greatest(coalesce((options ->> 'offset')::int, 0), 0), 10000);
    candidates constant int := greatest(600, page + skip);
    filter constant jsonb := coalesce(options -> 'filter', '{}');
    parsed search.parsed := search.parse(index, q, options);
    condition text := search.conditions(index, filter);
    result search.found;
    expected float;
    last_position bigint;
    wanted bigint;
    met bigint;
    newest tsquery;
    terms tsquery := parsed.terms;
BEGIN
    result.terms := parsed.terms;
    result.config := parsed.config;
    result.corrected := parsed.corrected;
    result.ids := '{}';
    result.total := 0;
    result.exact := true;
    IF NOT parsed.everything THEN
        IF numnode(parsed.terms) = 0 THEN
            RETURN result;
        END IF;
        condition := 'd.terms @@ $1 AND ' || condition;
    END IF;
    expected := search.expected(index.live, condition, terms, filter);
    IF parsed.everything OR options ->> 'sort' IS NOT NULL THEN
        EXECUTE format(
            'SELECT array_agg(id ORDER BY place) FROM (SELECT d.id::text, row_number() OVER () AS place FROM'
            ' (SELECT d.id FROM search.%I d WHERE %s ORDER BY %s LIMIT $3 OFFSET $4) d) s',
            index.live, condition, search.ordering(index, options ->> 'sort')
        ) INTO result.ids USING terms, filter, page, skip;
        IF expected > 5000 THEN
            result.total := expected;
            result.exact := false;
        ELSE
            EXECUTE format('SELECT count(*) FROM search.%I d WHERE %s', index.live, condition)
                INTO result.total USING terms, filter;
        END IF;
        result.ids := coalesce(result.ids, '{}');
        RETURN result;
    END IF;
    EXECUTE format('SELECT last_value FROM search.%I', index.live || '_position') INTO last_position;
    wanted := CASE WHEN expected > 2 * candidates THEN 1.1 * candidates * last_position / expected END;
    LOOP
        newest := search.newest(last_position, wanted);
        terms := CASE WHEN newest IS NULL THEN parsed.terms ELSE parsed.terms && newest END;
        EXECUTE format(
            'WITH c AS MATERIALIZED ('
            ' SELECT d.id::text AS id, ts_rank(d.terms, $5, 1) AS rank, d.position FROM search.%I d WHERE %s LIMIT $6)'
            ' SELECT array_agg(id ORDER BY rank DESC, position DESC), array_agg(rank ORDER BY rank DESC, position DESC),'
            ' (SELECT count(*) FROM c) FROM (SELECT * FROM c ORDER BY rank DESC, position DESC LIMIT $3 OFFSET $4) p',
            index.live, condition
        ) INTO result.ids, result.ranks, met USING terms, filter, page, skip, parsed.terms, 5 * candidates;
        EXIT WHEN newest IS NULL OR met >= candidates;
        wanted := wanted * 4;
    END LOOP;
    result.ids := coalesce(result.ids, '{}');
    result.exact := newest IS NULL AND met < 5 * candidates;
    result.total := CASE WHEN result.exact THEN met ELSE greatest(met, expected) END;
    RETURN result;
END $$;

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
-- prefix, typos.
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
        'corrected', found.corrected, 'problem', index.problem
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
LANGUAGE plpgsql STABLE AS $$
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
            AND proname = ANY ('{changed,parse,nearest,expected,find,query,marked}')
    LOOP
        EXECUTE format('ALTER FUNCTION %s SET search_path = pg_catalog, %s, pg_temp', function, extensions);
    END LOOP;
    ALTER FUNCTION search.find(search.indexes, text, jsonb) SET enable_seqscan = off;
END $$;

-- Nobody but the owner unless granted: these functions read what PostgreSQL lets their caller read, and GraphQL's roles
-- are not PostgreSQL's.
REVOKE ALL ON SCHEMA search FROM PUBLIC;
REVOKE ALL ON ALL TABLES IN SCHEMA search FROM PUBLIC;
REVOKE ALL ON ALL SEQUENCES IN SCHEMA search FROM PUBLIC;
REVOKE ALL ON ALL FUNCTIONS IN SCHEMA search FROM PUBLIC;
