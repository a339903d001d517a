SELECT ((SELECT coalesce(json_agg("r.10"), ('[]'::text)::"json")
  FROM (SELECT "t.1"."name" AS "name", (SELECT row_to_json("r.3")
  FROM (SELECT "t.2"."name" AS "name"
  FROM "public"."authors" AS "t.2"
  WHERE ("t.2"."id" = "t.1"."editor_id")) AS "r.3") AS "editor", (SELECT row_to_json("r.5")
  FROM (SELECT "t.4"."bio" AS "bio"
  FROM "public"."profiles" AS "t.4"
  WHERE ("t.4"."author_id" = "t.1"."id")) AS "r.5") AS "profile", (SELECT coalesce(json_agg("r.9"), ('[]'::text)::"json")
  FROM (SELECT "t.6"."title" AS "title", (SELECT row_to_json("r.8")
  FROM (SELECT "t.7"."id" AS "id"
  FROM "public"."authors" AS "t.7"
  WHERE ("t.7"."id" = "t.6"."author_id")) AS "r.8") AS "author"
  FROM "public"."books" AS "t.6"
  WHERE ("t.6"."author_id" = "t.1"."id")
  ORDER BY "t.6"."title" ASC NULLS LAST) AS "r.9") AS "books"
  FROM "public"."authors" AS "t.1"
  ORDER BY "t.1"."id" ASC NULLS LAST) AS "r.10"))::"text";
