WITH "changed" AS (SELECT "t.1".*
  FROM "public"."authors" AS "t.1"
  WHERE false) SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n"), 'returning', (SELECT coalesce(json_agg("r.3"), ('[]'::text)::"json")
  FROM (SELECT "t.2"."id" AS "id"
  FROM "changed" AS "t.2") AS "r.3")))::"text";
