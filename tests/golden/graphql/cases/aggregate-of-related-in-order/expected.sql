SELECT ((SELECT coalesce(json_agg("r.5"), ('[]'::text)::"json")
  FROM (SELECT "t.1"."name" AS "name"
  FROM "public"."authors" AS "t.1"
  ORDER BY (SELECT count(*)
  FROM "public"."books" AS "t.2"
  WHERE ("t.2"."author_id" = "t.1"."id")) DESC NULLS FIRST, (SELECT max("t.3"."price")
  FROM "public"."books" AS "t.3"
  WHERE ("t.3"."author_id" = "t.1"."id")) ASC NULLS LAST, (SELECT "t.4"."name"
  FROM "public"."authors" AS "t.4"
  WHERE ("t.4"."id" = "t.1"."editor_id")) DESC NULLS LAST) AS "r.5"))::"text";
