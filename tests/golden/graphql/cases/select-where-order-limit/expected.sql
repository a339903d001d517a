SELECT ((SELECT coalesce(json_agg("r.2"), ('[]'::text)::"json")
  FROM (SELECT "t.1"."id" AS "id", "t.1"."title" AS "title", "t.1"."genre" AS "genre"
  FROM "public"."books" AS "t.1"
  WHERE (("t.1"."price" >= ($1::text)::"numeric") AND (("t.1"."genre" = ($2::text)::"text") OR ("t.1"."sold" < ($3::text)::"int8")))
  ORDER BY "t.1"."genre" ASC NULLS LAST, "t.1"."id" DESC NULLS FIRST
  LIMIT ($4::text)::"int4" OFFSET ($5::text)::"int8") AS "r.2"))::"text";
