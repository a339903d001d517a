WITH "changed" AS (INSERT INTO "public"."books" AS "t.1" ("title", "author_id")
  VALUES (($1::text)::"text", ($2::text)::"int4")
  RETURNING "t.1".*) SELECT (SELECT array_agg((ROW("c.r"."id", "c.r"."author_id", "c.r"."title", "c.r"."genre", "c.r"."price", "c.r"."sold", "c.r"."published"))::"text")
  FROM "changed" AS "c.r"), ((SELECT count(*)
  FROM "changed" AS "c.n"))::"text";
SELECT (json_build_object('affected_rows', ($1::text)::"int8", 'returning', (SELECT coalesce(json_agg("r.8"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."title" AS "title", (SELECT row_to_json("r.7")
  FROM (SELECT "t.4"."name" AS "name", (SELECT coalesce(json_agg("r.6"), ('[]'::text)::"json")
  FROM (SELECT "t.5"."title" AS "title"
  FROM "public"."books" AS "t.5"
  WHERE ("t.5"."author_id" = "t.4"."id")
  ORDER BY "t.5"."id" ASC NULLS LAST) AS "r.6") AS "books"
  FROM "public"."authors" AS "t.4"
  WHERE ("t.4"."id" = "t.3"."author_id")) AS "r.7") AS "author"
  FROM unnest((($2::text[])::"text"[])::"public"."books"[]) AS "t.3") AS "r.8")))::"text";
