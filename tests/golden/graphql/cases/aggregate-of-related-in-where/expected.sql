SELECT ((SELECT coalesce(json_agg("r.3"), ('[]'::text)::"json")
  FROM (SELECT "t.1"."name" AS "name"
  FROM "public"."authors" AS "t.1"
  WHERE (SELECT (count(*) > ($1::text)::"int4")
  FROM "public"."books" AS "t.2"
  WHERE (("t.2"."author_id" = "t.1"."id") AND ("t.2"."price" > ($1::text)::"numeric")))) AS "r.3"))::"text", ((SELECT coalesce(json_agg("r.6"), ('[]'::text)::"json")
  FROM (SELECT "t.4"."name" AS "name"
  FROM "public"."authors" AS "t.4"
  WHERE (SELECT (bool_and("t.5"."published") = ($2::text)::"bool")
  FROM "public"."books" AS "t.5"
  WHERE ("t.5"."author_id" = "t.4"."id"))) AS "r.6"))::"text";
