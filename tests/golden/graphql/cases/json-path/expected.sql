SELECT ((SELECT row_to_json("r.2")
  FROM (SELECT ("t.1"."extra" #> ($1::text)::"text"[]) AS "extra", ("t.1"."extra" #> ($2::text)::"text"[]) AS "level", ("t.1"."extra" #> ($3::text)::"text"[]) AS "nothing"
  FROM "public"."authors" AS "t.1"
  WHERE ("t.1"."id" = ($4::text)::"int4")) AS "r.2"))::"text";
