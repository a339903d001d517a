SELECT ((SELECT coalesce(json_agg("r.5"), ('[]'::text)::"json")
  FROM (SELECT "t.2"."name" AS "name", (SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."title" AS "title", "t.3"."id" AS "id"
  FROM "public"."books" AS "t.3"
  WHERE ("t.3"."author_id" = "t.2"."id")) AS "r.4") AS "books", "t.2"."id" AS "id"
  FROM (SELECT "t.1".*
  FROM "public"."authors" AS "t.1"
  WHERE (("t.1"."id" = ANY(($1::text[])::"int4"[])) OR ("t.1"."name" = ($2::text)::"text"))
  ORDER BY "t.1"."name" DESC NULLS FIRST
  LIMIT ($3::text)::"int4") AS "t.2") AS "r.5"))::"text";
