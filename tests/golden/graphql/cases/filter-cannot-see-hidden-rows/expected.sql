SELECT ((SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.1"."name" AS "name"
  FROM "public"."authors" AS "t.1"
  WHERE (EXISTS (SELECT
  FROM "public"."books" AS "t.2"
  WHERE (("t.2"."author_id" = "t.1"."id") AND ("t.2"."published" = ($1::text)::"bool"))) AND EXISTS (SELECT
  FROM "public"."books" AS "t.3"
  WHERE (("t.3"."author_id" = "t.1"."id") AND ("t.3"."published" = ($1::text)::"bool") AND ("t.3"."title" = ($2::text)::"text"))))
  LIMIT 2) AS "r.4"))::"text", ((SELECT coalesce(json_agg("r.8"), ('[]'::text)::"json")
  FROM (SELECT "t.5"."id" AS "id"
  FROM "public"."books" AS "t.5"
  WHERE ("t.5"."published" = ($1::text)::"bool")
  ORDER BY (SELECT "t.6"."name"
  FROM "public"."authors" AS "t.6"
  WHERE (("t.6"."id" = "t.5"."author_id") AND EXISTS (SELECT
  FROM "public"."books" AS "t.7"
  WHERE (("t.7"."author_id" = "t.6"."id") AND ("t.7"."published" = ($1::text)::"bool"))))) DESC NULLS FIRST
  LIMIT 1) AS "r.8"))::"text";
