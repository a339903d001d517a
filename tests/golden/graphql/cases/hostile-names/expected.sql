SELECT ((SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.1"."select" AS "number", "t.1"."a.b" AS "label", (SELECT row_to_json("r.3")
  FROM (SELECT "t.2"."title" AS "title"
  FROM "public"."books" AS "t.2"
  WHERE ("t.2"."id" = "t.1"."book")) AS "r.3") AS "sold"
  FROM "shop"."order ""1""" AS "t.1"
  WHERE ("t.1"."a.b" = ($1::text)::"text")
  ORDER BY "t.1"."select" ASC NULLS LAST) AS "r.4"))::"text", ((SELECT row_to_json("r.6")
  FROM (SELECT 'Order'::text AS "__typename"
  FROM "shop"."order ""1""" AS "t.5"
  WHERE ("t.5"."select" = ($2::text)::"int4")) AS "r.6"))::"text";
