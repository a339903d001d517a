WITH "changed" AS (UPDATE "public"."authors" AS "t.1" SET "email" = ($1::text)::"text", "extra" = ("t.1"."extra" || ($2::text)::"jsonb")
  WHERE ("t.1"."id" = ($3::text)::"int4")
  RETURNING "t.1".*) SELECT (json_build_object('returning', (SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."email" AS "email", "t.3"."extra" AS "extra"
  FROM "changed" AS "t.3") AS "r.4")))::"text";
WITH "changed" AS (UPDATE "public"."books" AS "t.5" SET "price" = ("t.5"."price" + ($1::text)::"numeric"), "sold" = ("t.5"."sold" + ($2::text)::"int8")
  WHERE EXISTS (SELECT
  FROM "public"."authors" AS "t.7"
  WHERE (("t.7"."id" = "t.5"."author_id") AND ("t.7"."name" = ($3::text)::"text")))
  RETURNING "t.5".*) SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n"), 'returning', (SELECT coalesce(json_agg("r.9"), ('[]'::text)::"json")
  FROM (SELECT "t.8"."price" AS "price"
  FROM "changed" AS "t.8") AS "r.9")))::"text";
WITH "changed" AS (UPDATE "public"."authors" AS "t.10" SET "extra" = ("t.10"."extra" #- ($1::text)::"text"[])
  WHERE ("t.10"."id" = ($2::text)::"int4")
  RETURNING "t.10".*) SELECT ((SELECT row_to_json("r.13")
  FROM (SELECT "t.12"."extra" AS "extra"
  FROM "changed" AS "t.12") AS "r.13"))::"text";
WITH "changed" AS (UPDATE "public"."authors" AS "t.14" SET "extra" = ("t.14"."extra" - ($1::text)::"text")
  WHERE ("t.14"."id" = ($2::text)::"int4")
  RETURNING "t.14".*) SELECT ((SELECT row_to_json("r.17")
  FROM (SELECT "t.16"."extra" AS "extra"
  FROM "changed" AS "t.16") AS "r.17"))::"text";
WITH "changed" AS (UPDATE "public"."authors" AS "t.18" SET "email" = ($1::text)::"text"
  WHERE ("t.18"."id" = ($2::text)::"int4")
  RETURNING "t.18".*) SELECT ((SELECT row_to_json("r.21")
  FROM (SELECT "t.20"."id" AS "id"
  FROM "changed" AS "t.20") AS "r.21"))::"text";
