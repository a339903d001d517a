WITH "changed" AS (UPDATE "public"."books" AS "t.1" SET "title" = ($1::text)::"text"
  WHERE ("t.1"."id" = ($2::text)::"int4")
  RETURNING "t.1".*) SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n"), 'returning', (SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."title" AS "title"
  FROM "changed" AS "t.3") AS "r.4")))::"text";
WITH "changed" AS (UPDATE "public"."books" AS "t.5" SET "price" = ("t.5"."price" + ($1::text)::"numeric")
  WHERE ("t.5"."id" < ($2::text)::"int4")
  RETURNING "t.5".*) SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n"), 'returning', (SELECT coalesce(json_agg("r.8"), ('[]'::text)::"json")
  FROM (SELECT "t.7"."title" AS "title"
  FROM "changed" AS "t.7") AS "r.8")))::"text";
