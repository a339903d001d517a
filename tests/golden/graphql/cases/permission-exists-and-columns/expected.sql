SELECT ((SELECT coalesce(json_agg("r.3"), ('[]'::text)::"json")
  FROM (SELECT "t.1"."id" AS "id", "t.1"."title" AS "title"
  FROM "public"."books" AS "t.1"
  WHERE (("t.1"."price" < ($1::text)::"numeric") OR ("t.1"."author_id" = "t.1"."id") OR EXISTS (SELECT
  FROM "public"."profiles" AS "t.2"
  WHERE (("t.2"."author_id" = "t.1"."author_id") AND ("t.2"."bio" = ANY(($2::text)::"text"[])))))
  ORDER BY "t.1"."id" ASC NULLS LAST) AS "r.3"))::"text";
