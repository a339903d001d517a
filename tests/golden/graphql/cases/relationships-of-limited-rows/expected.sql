SELECT ((SELECT coalesce(json_agg("r.5"), ('[]'::text)::"json")
  FROM (SELECT "t.2"."name" AS "name", (SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."title" AS "title"
  FROM "public"."books" AS "t.3"
  WHERE ("t.3"."author_id" = "t.2"."id")) AS "r.4") AS "books"
  FROM (SELECT "t.1".*
  FROM "public"."authors" AS "t.1"
  ORDER BY "t.1"."id" DESC NULLS FIRST
  LIMIT ($1::text)::"int4" OFFSET ($1::text)::"int8") AS "t.2") AS "r.5"))::"text";
