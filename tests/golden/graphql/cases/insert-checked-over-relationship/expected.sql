WITH "changed" AS (INSERT INTO "public"."books" AS "t.1" ("title", "price", "author_id")
  VALUES (($1::text)::"text", ($2::text)::"numeric", ($3::text)::"int4")
  RETURNING "t.1".*) SELECT ((SELECT row_to_json("r.5")
  FROM (SELECT "t.4"."id" AS "id", "t.4"."author_id" AS "author_id", "t.4"."published" AS "published"
  FROM "changed" AS "t.4") AS "r.5"))::"text", (CASE WHEN coalesce((SELECT bool_and(coalesce(EXISTS (SELECT
  FROM "public"."authors" AS "t.3"
  WHERE (("t.3"."id" = "t.2"."author_id") AND ("t.3"."id" = ($3::text)::"int4"))), false))
  FROM "changed" AS "t.2"), true) THEN 'true'::text ELSE 'check constraint of an insert/update permission has failed'::text END)::"bool";
