WITH "changed" AS (UPDATE "public"."books" AS "t.1" SET "price" = ($1::text)::"numeric", "published" = ($2::text)::"bool"
  WHERE ("t.1"."author_id" = ($3::text)::"int4")
  RETURNING "t.1".*) SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n"), 'returning', (SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."id" AS "id", "t.3"."price" AS "price", "t.3"."published" AS "published"
  FROM "changed" AS "t.3") AS "r.4")))::"text", (CASE WHEN coalesce((SELECT bool_and(coalesce(("t.2"."price" < ($4::text)::"numeric"), false))
  FROM "changed" AS "t.2"), true) THEN 'true'::text ELSE 'check constraint of an insert/update permission has failed'::text END)::"bool";
