-- name: catalog
WITH spaces AS (
    SELECT oid, nspname FROM pg_namespace
    WHERE nspname <> 'information_schema' AND nspname NOT LIKE 'pg\_%'
), types AS (
    SELECT t.oid, coalesce(element.typname, t.typname) AS name, n.nspname AS space,
        element.oid IS NOT NULL AS is_array, coalesce(element.typtype, t.typtype) AS kind
    FROM pg_type t
    LEFT JOIN pg_type element ON t.typcategory = 'A' AND t.typlen = -1 AND t.typelem <> 0 AND element.oid = t.typelem
    JOIN pg_namespace n ON n.oid = coalesce(element.typnamespace, t.typnamespace)
), relations AS (
    SELECT c.oid, s.nspname, c.relname, c.relkind, c.reltype, pg_relation_is_updatable(c.oid, true) AS writable
    FROM pg_class c JOIN spaces s ON s.oid = c.relnamespace
    WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f')
), columns AS (
    SELECT a.attrelid, json_agg(json_build_array(
        a.attname, t.name, t.space, t.is_array, t.kind, a.attnotnull, a.atthasdef, a.attidentity, a.attgenerated,
        col_description(a.attrelid, a.attnum)) ORDER BY a.attnum) AS list
    FROM pg_attribute a JOIN relations r ON r.oid = a.attrelid JOIN types t ON t.oid = a.atttypid
    WHERE a.attnum > 0 AND NOT a.attisdropped
    GROUP BY a.attrelid
), uniques AS (
    SELECT k.conrelid, json_agg(json_build_array(k.conname, k.contype = 'p', (
        SELECT json_agg(a.attname ORDER BY u.n)
        FROM unnest(k.conkey) WITH ORDINALITY AS u(attnum, n)
        JOIN pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = u.attnum)) ORDER BY k.conname) AS list
    FROM pg_constraint k JOIN relations r ON r.oid = k.conrelid
    WHERE k.contype IN ('p', 'u')
    GROUP BY k.conrelid
), links AS (
    SELECT k.conrelid, json_agg(json_build_array(k.conname, target.nspname, target.relname, (
        SELECT json_agg(json_build_array(here.attname, there.attname) ORDER BY u.n)
        FROM unnest(k.conkey, k.confkey) WITH ORDINALITY AS u(here, there, n)
        JOIN pg_attribute here ON here.attrelid = k.conrelid AND here.attnum = u.here
        JOIN pg_attribute there ON there.attrelid = k.confrelid AND there.attnum = u.there)) ORDER BY k.conname) AS list
    FROM pg_constraint k JOIN relations r ON r.oid = k.conrelid JOIN relations target ON target.oid = k.confrelid
    WHERE k.contype = 'f'
    GROUP BY k.conrelid
), routines AS (
    SELECT s.nspname, p.*, CASE WHEN p.proargmodes IS NULL THEN p.proargnames ELSE (
        SELECT array_agg(u.name ORDER BY u.n)
        FROM unnest(p.proargnames, p.proargmodes) WITH ORDINALITY AS u(name, mode, n)
        WHERE u.mode IN ('i', 'b', 'v')) END AS names
    FROM pg_proc p JOIN spaces s ON s.oid = p.pronamespace
    -- What an extension brings is not the project's to expose; PostGIS alone has hundreds.
    WHERE p.prokind = 'f'
      AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.classid = 'pg_proc'::regclass AND d.objid = p.oid AND d.deptype = 'e')
)
SELECT json_build_object(
    'tables', (SELECT coalesce(json_agg(json_build_array(
        r.nspname, r.relname, r.relkind, columns.list, uniques.list, links.list, obj_description(r.oid, 'pg_class'),
        r.writable) ORDER BY r.nspname, r.relname), '[]')
        FROM relations r
        LEFT JOIN columns ON columns.attrelid = r.oid
        LEFT JOIN uniques ON uniques.conrelid = r.oid
        LEFT JOIN links ON links.conrelid = r.oid),
    'functions', (SELECT coalesce(json_agg(json_build_array(
        f.nspname, f.proname, (
            SELECT coalesce(json_agg(json_build_array(
                coalesce(f.names[u.n], ''), t.name, t.space, t.is_array, t.kind, u.n > f.pronargs - f.pronargdefaults)
                ORDER BY u.n), '[]')
            FROM unnest(f.proargtypes::oid[]) WITH ORDINALITY AS u(type, n) JOIN types t ON t.oid = u.type),
        json_build_array(result.name, result.space, result.is_array, result.kind), (
            SELECT json_build_array(r.nspname, r.relname) FROM relations r WHERE r.reltype = f.prorettype),
        f.proretset, f.provolatile, f.provariadic <> 0, obj_description(f.oid, 'pg_proc'))
        ORDER BY f.nspname, f.proname, f.oid), '[]')
        FROM routines f JOIN types result ON result.oid = f.prorettype),
    'enums', (SELECT coalesce(json_agg(json_build_array(n.nspname, t.typname, (
            SELECT json_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid))
            ORDER BY n.nspname, t.typname), '[]')
        FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typtype = 'e')
)::text
