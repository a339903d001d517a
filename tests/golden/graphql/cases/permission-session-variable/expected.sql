SELECT ((SELECT coalesce(json_agg("r.2"), ('[]'::text)::"json")
  FROM (SELECT "t.1"."id" AS "id", "t.1"."name" AS "name"
  FROM "public"."authors" AS "t.1"
  WHERE ("t.1"."id" = ($1::text)::"int4")) AS "r.2"))::"text", ((SELECT row_to_json("r.5")
  FROM (SELECT "t.3"."title" AS "title", "t.3"."sold" AS "sold"
  FROM "public"."books" AS "t.3"
  WHERE (("t.3"."id" = ($2::text)::"int4") AND EXISTS (SELECT
  FROM "public"."authors" AS "t.4"
  WHERE (("t.4"."id" = "t.3"."author_id") AND ("t.4"."id" = ($1::text)::"int4"))))) AS "r.5"))::"text";
