SELECT ((SELECT coalesce(json_agg("r.2"), ('[]'::text)::"json")
  FROM (SELECT "t.1"."id" AS "id"
  FROM "public"."authors" AS "t.1"
  WHERE (("t.1"."name" LIKE ($1::text)::"text") AND ("t.1"."name" NOT ILIKE ($2::text)::"text"))) AS "r.2"))::"text", ((SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."id" AS "id"
  FROM "public"."authors" AS "t.3"
  WHERE (("t.3"."name" ~* ($3::text)::"text") AND ("t.3"."name" NOT SIMILAR TO ($4::text)::"text"))) AS "r.4"))::"text", ((SELECT coalesce(json_agg("r.6"), ('[]'::text)::"json")
  FROM (SELECT "t.5"."id" AS "id"
  FROM "public"."authors" AS "t.5"
  WHERE ("t.5"."email" IS NULL)) AS "r.6"))::"text";
