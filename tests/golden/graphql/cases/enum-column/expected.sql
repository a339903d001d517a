SELECT ((SELECT coalesce(json_agg("r.2"), ('[]'::text)::"json")
  FROM (SELECT "t.1"."genre" AS "genre"
  FROM "public"."books" AS "t.1"
  WHERE ("t.1"."genre" = ($1::text)::"text")) AS "r.2"))::"text", ((SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."genre" AS "genre"
  FROM "public"."books" AS "t.3"
  WHERE ("t.3"."genre" = ($2::text)::"text")
  ORDER BY "t.3"."id" ASC NULLS LAST) AS "r.4"))::"text", ((SELECT coalesce(json_agg("r.6"), ('[]'::text)::"json")
  FROM (SELECT "t.5"."id" AS "id"
  FROM "public"."books" AS "t.5"
  WHERE ("t.5"."genre" = ANY(($3::text[])::"text"[]))) AS "r.6"))::"text", ((SELECT coalesce(json_agg("r.8"), ('[]'::text)::"json")
  FROM (SELECT "t.7"."id" AS "id"
  FROM "public"."books" AS "t.7"
  WHERE ("t.7"."genre" <> ALL(($4::text[])::"text"[]))) AS "r.8"))::"text";
