SELECT ((SELECT json_build_object('aggregate', json_build_object('count', count(*), 'genres', count(DISTINCT "a.2"."genre"), 'both', count(ROW("a.2"."genre", "a.2"."title")) FILTER (WHERE ((NOT ("a.2"."genre" IS NULL)) AND (NOT ("a.2"."title" IS NULL)))), 'sum', json_build_object('sold', sum("a.2"."sold"), 'price', sum("a.2"."price")), 'avg', json_build_object('price', avg("a.2"."price")), 'max', json_build_object('title', max("a.2"."title"), 'price', max("a.2"."price")), 'min', json_build_object('id', min("a.2"."id")), '__typename', 'books_aggregate_fields'::text), 'nodes', coalesce(json_agg(json_build_object('title', "a.2"."title", 'author', (SELECT row_to_json("r.4")
  FROM (SELECT "t.3"."name" AS "name"
  FROM "public"."authors" AS "t.3"
  WHERE ("t.3"."id" = "a.2"."author_id")) AS "r.4"))), ('[]'::text)::"json"), '__typename', 'books_aggregate'::text)
  FROM (SELECT "t.1".*
  FROM "public"."books" AS "t.1"
  WHERE ("t.1"."published" = ($1::text)::"bool")) AS "a.2" HAVING TRUE))::"text";
