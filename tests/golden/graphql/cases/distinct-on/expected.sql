SELECT ((SELECT coalesce(json_agg("r.5"), ('[]'::text)::"json")
  FROM (SELECT "t.2"."title" AS "title", (SELECT row_to_json("r.4")
  FROM (SELECT "t.3"."name" AS "name"
  FROM "public"."authors" AS "t.3"
  WHERE ("t.3"."id" = "t.2"."author_id")) AS "r.4") AS "author"
  FROM (SELECT DISTINCT ON ("t.1"."author_id") "t.1".*
  FROM "public"."books" AS "t.1"
  ORDER BY "t.1"."author_id" ASC NULLS LAST, "t.1"."price" DESC NULLS FIRST) AS "t.2") AS "r.5"))::"text";
