SELECT ((SELECT coalesce(json_agg("r.2"), ('[]'::text)::"json")
  FROM (SELECT "t.1"."id" AS "id"
  FROM "public"."authors" AS "t.1"
  WHERE (("t.1"."extra" @> ($1::text)::"jsonb") AND ("t.1"."extra" ?& ($2::text)::"text"[]))) AS "r.2"))::"text", ((SELECT coalesce(json_agg("r.4"), ('[]'::text)::"json")
  FROM (SELECT "t.3"."id" AS "id"
  FROM "public"."authors" AS "t.3"
  WHERE (("t.3"."extra" ?| ($3::text)::"text"[]) AND (("t.3"."extra")::"text" LIKE ($4::text)::"text"))) AS "r.4"))::"text", ((SELECT coalesce(json_agg("r.6"), ('[]'::text)::"json")
  FROM (SELECT "t.5"."id" AS "id"
  FROM "public"."authors" AS "t.5"
  WHERE ("t.5"."tags" @> ($5::text)::"text"[])) AS "r.6"))::"text", ((SELECT coalesce(json_agg("r.8"), ('[]'::text)::"json")
  FROM (SELECT "t.7"."id" AS "id"
  FROM "public"."authors" AS "t.7"
  WHERE ("t.7"."tags" = ANY((SELECT (unnest(($6::text[])::"text"[]))::"text"[])))
  ORDER BY "t.7"."id" ASC NULLS LAST) AS "r.8"))::"text";
