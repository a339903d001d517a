SELECT ((SELECT "r.4"."row.json"
  FROM (SELECT json_build_object('kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk', "t.1"."name", 'books', (SELECT coalesce(json_agg("r.3"."row.json"), ('[]'::text)::"json")
  FROM (SELECT json_build_object('tttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttttt', "t.2"."title") AS "row.json"
  FROM "public"."books" AS "t.2"
  WHERE ("t.2"."author_id" = "t.1"."id")
  LIMIT ($1::text)::"int4") AS "r.3")) AS "row.json"
  FROM "public"."authors" AS "t.1"
  WHERE ("t.1"."id" = ($1::text)::"int4")) AS "r.4"))::"text";
