WITH "changed" AS (DELETE
  FROM "public"."books" AS "t.1"
  WHERE (("t.1"."author_id" = ($1::text)::"int4") AND ("t.1"."published" = ($2::text)::"bool"))
  RETURNING "t.1".*) SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n")))::"text";
