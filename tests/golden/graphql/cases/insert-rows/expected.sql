WITH "changed" AS (INSERT INTO "public"."authors" AS "t.1" ("name", "tags", "extra")
  VALUES (($1::text)::"text", ($2::text)::"text"[], DEFAULT), (($3::text)::"text", DEFAULT, ($4::text)::"jsonb")
  RETURNING "t.1".*) SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n"), 'returning', (SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."id" AS "id", "t.3"."name" AS "name", "t.3"."tags" AS "tags", "t.3"."extra" AS "extra", "t.3"."email" AS "email"
  FROM "changed" AS "t.3") AS "r.4")))::"text";
