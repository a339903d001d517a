SELECT ((SELECT coalesce(json_agg("r.7"), ('[]'::text)::"json")
  FROM (SELECT (SELECT json_build_object('aggregate', json_build_object('count', count(*)), 'nodes', coalesce(json_agg(json_build_object('title', "a.5"."title")) FILTER (WHERE ("a.5.numbered"."row.number" <= 1)), ('[]'::text)::"json"))
  FROM (SELECT (ROW("t.6".*))::"public"."books" AS "row", row_number() OVER () AS "row.number"
  FROM (SELECT "t.4".*
  FROM "public"."books" AS "t.4"
  WHERE (("t.4"."author_id" = "t.3"."id") AND ("t.4"."published" = ($1::text)::"bool"))
  ORDER BY "t.4"."title" ASC NULLS LAST) AS "t.6") AS "a.5.numbered" CROSS JOIN LATERAL (SELECT ("a.5.numbered"."row").*) AS "a.5" HAVING TRUE) AS "books_aggregate"
  FROM (SELECT "t.1".*
  FROM "public"."authors" AS "t.1"
  WHERE EXISTS (SELECT
  FROM "public"."books" AS "t.2"
  WHERE (("t.2"."author_id" = "t.1"."id") AND ("t.2"."published" = ($1::text)::"bool")))
  ORDER BY "t.1"."id" ASC NULLS LAST
  LIMIT 2) AS "t.3") AS "r.7"))::"text", ((SELECT json_build_object('aggregate', json_build_object('count', count(*), 'max', json_build_object('price', max("a.9"."price"))), 'nodes', coalesce(json_agg(json_build_object('id', "a.9"."id")) FILTER (WHERE ("a.9.numbered"."row.number" <= 1)), ('[]'::text)::"json"))
  FROM (SELECT (ROW("t.10".*))::"public"."books" AS "row", row_number() OVER () AS "row.number"
  FROM (SELECT "t.8".*
  FROM "public"."books" AS "t.8"
  WHERE ("t.8"."published" = ($1::text)::"bool")) AS "t.10") AS "a.9.numbered" CROSS JOIN LATERAL (SELECT ("a.9.numbered"."row").*) AS "a.9" HAVING TRUE))::"text";
