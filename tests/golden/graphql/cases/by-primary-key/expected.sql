SELECT ((SELECT row_to_json("r.2")
  FROM (SELECT "t.1"."name" AS "name", 'authors'::text AS "__typename"
  FROM "public"."authors" AS "t.1"
  WHERE ("t.1"."id" = ($1::text)::"int4")) AS "r.2"))::"text", ((SELECT row_to_json("r.4")
  FROM (SELECT "t.3"."name" AS "name"
  FROM "public"."authors" AS "t.3"
  WHERE ("t.3"."id" = ($2::text)::"int4")) AS "r.4"))::"text";
