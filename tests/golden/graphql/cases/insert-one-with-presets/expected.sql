WITH "changed" AS (INSERT INTO "public"."authors" AS "t.1" ("name", "email")
  VALUES (($1::text)::"text", ($2::text)::"text")
  RETURNING "t.1".*) SELECT ((SELECT row_to_json("r.4")
  FROM (SELECT "t.3"."id" AS "id", "t.3"."name" AS "name"
  FROM "changed" AS "t.3") AS "r.4"))::"text", (CASE WHEN coalesce((SELECT bool_and(coalesce(("t.2"."name" <> ($3::text)::"text"), false))
  FROM "changed" AS "t.2"), true) THEN 'true'::text ELSE 'check constraint of an insert/update permission has failed'::text END)::"bool";
