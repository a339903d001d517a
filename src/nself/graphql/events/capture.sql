-- name: body
DECLARE
  fires boolean;
  before json;
  after json;
BEGIN
  {looking};
  IF fires THEN
    INSERT INTO hdb_catalog.event_log (id, schema_name, table_name, trigger_name, payload, created_at)
    VALUES (
      gen_random_uuid()::text, {schema}, {table}, {trigger},
      json_build_object(
        'op', TG_OP,
        'data', json_build_object('old', before, 'new', after),
        'session_variables', nullif(current_setting('hasura.user', true), '')::json,
        'trace_context', nullif(current_setting('hasura.tracecontext', true), '')::json
      ),
      clock_timestamp() AT TIME ZONE 'UTC'
    );
  END IF;
  RETURN NULL;
END

-- name: looking
fires := {fires};
  IF fires THEN
    before := {before};
    after := {after};
  END IF;

-- name: tolerant
BEGIN
  {looking};
  EXCEPTION WHEN undefined_column THEN
    fires := {fires};
    before := {before};
    after := {after};
  END;

-- name: row
(SELECT row_to_json(r) FROM (SELECT {columns}) r)

-- name: whole_row
row_to_json({row})

-- name: known_columns
(SELECT json_object_agg(key, value) FROM json_each(row_to_json({row})) WHERE key = ANY (ARRAY[{columns}]::text[]))

-- name: row_changed
({old}) OPERATOR(pg_catalog.*<>) ({new})

-- name: columns_changed
ROW({old})::record OPERATOR(pg_catalog.*<>) ROW({new})::record
