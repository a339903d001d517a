WITH "changed" AS (INSERT INTO "public"."authors" AS "t.1" ("name", "born", "extra") SELECT ("u.2"."name")::"text", ("u.2"."born")::"date", ("u.2"."extra")::"jsonb"
  FROM unnest(($1::text)::"text"[], ($2::text)::"text"[], ($3::text)::"text"[]) AS "u.2" ("name", "born", "extra")
  RETURNING "t.1".*) SELECT (json_build_object('affected_rows', (SELECT count(*)
  FROM "changed" AS "c.n"), 'returning', (SELECT coalesce(json_agg("r.5"), ('[]'::text)::"json")
  FROM (SELECT "t.4"."name" AS "name", "t.4"."born" AS "born", "t.4"."extra" AS "extra"
  FROM "changed" AS "t.4") AS "r.5")))::"text";
