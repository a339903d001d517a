-- What the server keeps for itself lies in `nself_auth`, beside the ledger of these files, so that `auth` holds nothing
-- but what projects and other servers of this API know. Not tracked in GraphQL.

-- The token a rotation replaced, for as long as AUTH_REFRESH_TOKEN_GRACE still accepts it.
CREATE TABLE nself_auth.refresh_token_grace (
    refresh_token_id uuid PRIMARY KEY REFERENCES auth.refresh_tokens (id) ON UPDATE CASCADE ON DELETE CASCADE,
    previous_hash varchar(255) NOT NULL,
    rotated_at timestamptz NOT NULL DEFAULT now()
);
CREATE INDEX refresh_token_grace_previous_hash_idx ON nself_auth.refresh_token_grace (previous_hash);

-- Counters of the rate limits. Unlogged: losing them in a crash costs nobody anything, and writing them costs little.
CREATE UNLOGGED TABLE nself_auth.rate_limits (
    key text PRIMARY KEY,
    window_number bigint NOT NULL,
    hits int NOT NULL,
    previous_hits int NOT NULL,
    updated_at timestamptz NOT NULL DEFAULT now()
);
