CREATE TABLE mail.messages (
    id text PRIMARY KEY,
    arrival bigint GENERATED ALWAYS AS IDENTITY UNIQUE,
    created timestamptz NOT NULL DEFAULT now(),
    read boolean NOT NULL DEFAULT false,
    message_id text NOT NULL,
    return_path text NOT NULL,
    sender jsonb NOT NULL,
    recipients jsonb NOT NULL,
    copies jsonb NOT NULL,
    blind_copies jsonb NOT NULL,
    reply_to jsonb NOT NULL,
    subject text NOT NULL,
    snippet text NOT NULL,
    searchable text NOT NULL,
    attachments int NOT NULL,
    size bigint NOT NULL,
    raw bytea NOT NULL
);
COMMENT ON TABLE mail.messages IS 'What the development inbox received. `raw` is the message as it came; the rest is read from it.';
COMMENT ON COLUMN mail.messages.searchable IS 'Text of the body, bounded: what a search looks through beside subject and addresses.';

CREATE FUNCTION mail.mentions(addresses jsonb, needle text) RETURNS boolean
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN EXISTS (
    SELECT FROM jsonb_array_elements(addresses) AS entry
    WHERE strpos(lower(concat_ws(' ', entry ->> 'Name', entry ->> 'Address')), lower(needle)) > 0
);
