WITH "changed" AS (INSERT INTO "public"."books" AS "t.1" ("author_id", "title", "price") SELECT ("u.2"."author_id")::"int4", ("u.2"."title")::"text", ("u.2"."price")::"numeric"
  FROM unnest(($1::text)::"text"[], ($2::text)::"text"[], ($3::text)::"text"[]) AS "u.2" ("author_id", "title", "price")
  ON CONFLICT ON CONSTRAINT "books_author_id_title_key" DO UPDATE SET "price" = "excluded"."price"
  WHERE ("t.1"."price" > ($4::text)::"numeric")
  RETURNING "t.1".*, ("t.1"."xmax" = 0) AS "row.new") SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n"), 'returning', (SELECT coalesce(json_agg("r.5"), ('[]'::text)::"json")
  FROM (SELECT "t.4"."title" AS "title", "t.4"."price" AS "price"
  FROM "changed" AS "t.4") AS "r.5")))::"text";
WITH "changed" AS (INSERT INTO "public"."authors" AS "t.6" ("name")
  VALUES (($1::text)::"text")
  ON CONFLICT ON CONSTRAINT "authors_name_key" DO NOTHING
  RETURNING "t.6".*) SELECT ((SELECT row_to_json("r.9")
  FROM (SELECT "t.8"."id" AS "id"
  FROM "changed" AS "t.8") AS "r.9"))::"text";
