WITH "changed" AS (SELECT "t.1".*
  FROM "public"."genres" AS "t.1"
  WHERE false) SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n")))::"text";
WITH "changed" AS (INSERT INTO "public"."authors" AS "t.2" ("name") SELECT ("u.3"."name")::"text"
  FROM unnest(($1::text)::"text"[]) AS "u.3" ("name")
  RETURNING "t.2".*) SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n")))::"text";
