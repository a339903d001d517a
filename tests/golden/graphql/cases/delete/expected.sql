WITH "changed" AS (DELETE
  FROM "public"."authors" AS "t.1"
  WHERE ("t.1"."name" = ($1::text)::"text")
  RETURNING "t.1".*) SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n"), 'returning', (SELECT coalesce(json_agg("r.5"), ('[]'::text)::"json")
  FROM (SELECT "t.2"."name" AS "name", (SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."title" AS "title"
  FROM "public"."books" AS "t.3"
  WHERE ("t.3"."author_id" = "t.2"."id")
  ORDER BY "t.3"."id" ASC NULLS LAST) AS "r.4") AS "books"
  FROM "changed" AS "t.2") AS "r.5")))::"text";
WITH "changed" AS (DELETE
  FROM "public"."books" AS "t.6"
  WHERE ("t.6"."id" = ($1::text)::"int4")
  RETURNING "t.6".*) SELECT ((SELECT row_to_json("r.8")
  FROM (SELECT "t.7"."title" AS "title"
  FROM "changed" AS "t.7") AS "r.8"))::"text";
WITH "changed" AS (DELETE
  FROM "public"."books" AS "t.9"
  WHERE ("t.9"."id" = ($1::text)::"int4")
  RETURNING "t.9".*) SELECT ((SELECT row_to_json("r.11")
  FROM (SELECT "t.10"."title" AS "title"
  FROM "changed" AS "t.10") AS "r.11"))::"text";
