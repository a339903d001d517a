SELECT ((SELECT coalesce(json_agg("r.6"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."name" AS "name", (SELECT coalesce(json_agg("r.5"), ('[]'::text)::"json")
  FROM (SELECT "t.4"."title" AS "title", "t.4"."price" AS "price"
  FROM "public"."books" AS "t.4"
  WHERE (("t.4"."author_id" = "t.3"."id") AND ("t.4"."published" = ($1::text)::"bool"))
  LIMIT 1) AS "r.5") AS "books"
  FROM (SELECT "t.1".*
  FROM "public"."authors" AS "t.1"
  WHERE EXISTS (SELECT
  FROM "public"."books" AS "t.2"
  WHERE (("t.2"."author_id" = "t.1"."id") AND ("t.2"."published" = ($1::text)::"bool")))
  ORDER BY "t.1"."id" ASC NULLS LAST
  LIMIT 2) AS "t.3") AS "r.6"))::"text";
