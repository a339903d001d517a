WITH "changed" AS (INSERT INTO "public"."authors" AS "t.1" ("name")
  VALUES (($1::text)::"text")
  RETURNING "t.1".*) SELECT ((SELECT count(*)
  FROM "changed" AS "c.n"))::"text", (SELECT array_agg((ROW("c.r"."id", "c.r"."name", "c.r"."email", "c.r"."born", "c.r"."tags", "c.r"."extra", "c.r"."editor_id"))::"text")
  FROM "changed" AS "c.r"), ((SELECT "c.k"."id"
  FROM "changed" AS "c.k"
  LIMIT 1))::"text";
WITH "changed" AS (INSERT INTO "public"."authors" AS "t.3" ("name", "editor_id")
  VALUES (($1::text)::"text", ($2::text)::"int4")
  RETURNING "t.3".*) SELECT ((SELECT count(*)
  FROM "changed" AS "c.n"))::"text", (SELECT array_agg((ROW("c.r"."id", "c.r"."name", "c.r"."email", "c.r"."born", "c.r"."tags", "c.r"."extra", "c.r"."editor_id"))::"text")
  FROM "changed" AS "c.r"), ((SELECT "c.k"."id"
  FROM "changed" AS "c.k"
  LIMIT 1))::"text";
WITH "changed" AS (INSERT INTO "public"."profiles" AS "t.5" ("bio", "author_id")
  VALUES (($1::text)::"text", ($2::text)::"int4")
  RETURNING "t.5".*) SELECT ((SELECT count(*)
  FROM "changed" AS "c.n"))::"text", (SELECT array_agg((ROW("c.r"."author_id", "c.r"."bio"))::"text")
  FROM "changed" AS "c.r");
WITH "changed" AS (INSERT INTO "public"."books" AS "t.7" ("title", "author_id")
  VALUES (($1::text)::"text", ($2::text)::"int4")
  RETURNING "t.7".*) SELECT ((SELECT count(*)
  FROM "changed" AS "c.n"))::"text", (SELECT array_agg((ROW("c.r"."id", "c.r"."author_id", "c.r"."title", "c.r"."genre", "c.r"."price", "c.r"."sold", "c.r"."published"))::"text")
  FROM "changed" AS "c.r");
WITH "changed" AS (INSERT INTO "public"."books" AS "t.9" ("title", "author_id")
  VALUES (($1::text)::"text", ($2::text)::"int4")
  RETURNING "t.9".*) SELECT ((SELECT count(*)
  FROM "changed" AS "c.n"))::"text", (SELECT array_agg((ROW("c.r"."id", "c.r"."author_id", "c.r"."title", "c.r"."genre", "c.r"."price", "c.r"."sold", "c.r"."published"))::"text")
  FROM "changed" AS "c.r");
SELECT (json_build_object('affected_rows', ($1::text)::"int8", 'returning', (SELECT coalesce(json_agg("r.18"), ('[]'::text)::"json")
  FROM (SELECT "t.11"."title" AS "title", (SELECT row_to_json("r.17")
  FROM (SELECT "t.12"."name" AS "name", (SELECT row_to_json("r.14")
  FROM (SELECT "t.13"."bio" AS "bio"
  FROM "public"."profiles" AS "t.13"
  WHERE ("t.13"."author_id" = "t.12"."id")) AS "r.14") AS "profile", (SELECT row_to_json("r.16")
  FROM (SELECT "t.15"."name" AS "name"
  FROM "public"."authors" AS "t.15"
  WHERE ("t.15"."id" = "t.12"."editor_id")) AS "r.16") AS "editor"
  FROM "public"."authors" AS "t.12"
  WHERE ("t.12"."id" = "t.11"."author_id")) AS "r.17") AS "author"
  FROM unnest((($2::text[])::"text"[])::"public"."books"[]) AS "t.11") AS "r.18")))::"text";
WITH "changed" AS (INSERT INTO "public"."authors" AS "t.19" ("name")
  VALUES (($1::text)::"text")
  RETURNING "t.19".*) SELECT ((SELECT count(*)
  FROM "changed" AS "c.n"))::"text", (SELECT array_agg((ROW("c.r"."id", "c.r"."name", "c.r"."email", "c.r"."born", "c.r"."tags", "c.r"."extra", "c.r"."editor_id"))::"text")
  FROM "changed" AS "c.r"), ((SELECT "c.k"."id"
  FROM "changed" AS "c.k"
  LIMIT 1))::"text";
WITH "changed" AS (INSERT INTO "public"."books" AS "t.21" ("title", "author_id", "price")
  VALUES (($1::text)::"text", ($2::text)::"int4", DEFAULT), (($3::text)::"text", ($2::text)::"int4", ($4::text)::"numeric")
  RETURNING "t.21".*) SELECT ((SELECT count(*)
  FROM "changed" AS "c.n"))::"text", (SELECT array_agg((ROW("c.r"."id", "c.r"."author_id", "c.r"."title", "c.r"."genre", "c.r"."price", "c.r"."sold", "c.r"."published"))::"text")
  FROM "changed" AS "c.r");
SELECT ((SELECT row_to_json("r.26")
  FROM (SELECT "t.23"."name" AS "name", (SELECT coalesce(json_agg("r.25"), ('[]'::text)::"json")
  FROM (SELECT "t.24"."title" AS "title", "t.24"."price" AS "price"
  FROM "public"."books" AS "t.24"
  WHERE ("t.24"."author_id" = "t.23"."id")
  ORDER BY "t.24"."title" ASC NULLS LAST) AS "r.25") AS "books"
  FROM unnest((($1::text[])::"text"[])::"public"."authors"[]) AS "t.23") AS "r.26"))::"text";
