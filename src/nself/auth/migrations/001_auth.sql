-- Schema `auth`, column for column what existing projects, their metadata and their own SQL rely on.
-- Every statement tolerates that the object is there: a database that came from another server of this API is adopted.

CREATE SCHEMA IF NOT EXISTS auth;

-- Servers create the same extensions at the same time; the loser of that race has nothing left to do.
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS citext WITH SCHEMA public;
EXCEPTION WHEN unique_violation OR duplicate_object THEN NULL;
END $$;
DO $$ BEGIN
    CREATE EXTENSION IF NOT EXISTS pgcrypto WITH SCHEMA public;
EXCEPTION WHEN unique_violation OR duplicate_object THEN NULL;
END $$;

-- Where the extensions live is for the search path to say (an adopted database may keep them in another schema).
DO $$ BEGIN
    IF to_regtype('auth.email') IS NULL THEN
        CREATE DOMAIN auth.email AS citext CHECK (
            value ~ '^[a-zA-Z0-9.!#$%&''*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*$'
        );
    END IF;
END $$;

CREATE TABLE IF NOT EXISTS auth.roles (
    role text PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS auth.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    last_seen timestamptz,
    disabled boolean NOT NULL DEFAULT false,
    display_name text NOT NULL DEFAULT '',
    avatar_url text NOT NULL DEFAULT '',
    locale varchar(3) NOT NULL,
    email auth.email,
    phone_number text,
    password_hash text,
    email_verified boolean NOT NULL DEFAULT false,
    phone_number_verified boolean NOT NULL DEFAULT false,
    new_email auth.email,
    otp_method_last_used text,
    otp_hash text,
    otp_hash_expires_at timestamptz NOT NULL DEFAULT now(),
    default_role text NOT NULL DEFAULT 'user',
    is_anonymous boolean NOT NULL DEFAULT false,
    totp_secret text,
    active_mfa_type text,
    ticket text,
    ticket_expires_at timestamptz NOT NULL DEFAULT now(),
    metadata jsonb,
    webauthn_current_challenge text,
    CONSTRAINT users_email_key UNIQUE (email),
    CONSTRAINT users_phone_number_key UNIQUE (phone_number),
    CONSTRAINT active_mfa_types_check CHECK (active_mfa_type IN ('totp', 'sms')),
    CONSTRAINT fk_default_role FOREIGN KEY (default_role) REFERENCES auth.roles (role)
        ON UPDATE CASCADE ON DELETE RESTRICT
);
-- Tickets are looked up by strangers: without an index each guess would read the whole table.
CREATE INDEX IF NOT EXISTS users_ticket_idx ON auth.users (ticket) WHERE ticket IS NOT NULL;

CREATE TABLE IF NOT EXISTS auth.user_roles (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    user_id uuid NOT NULL,
    role text NOT NULL,
    CONSTRAINT user_roles_user_id_role_key UNIQUE (user_id, role),
    CONSTRAINT fk_user FOREIGN KEY (user_id) REFERENCES auth.users (id) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT fk_role FOREIGN KEY (role) REFERENCES auth.roles (role) ON UPDATE CASCADE ON DELETE RESTRICT
);

CREATE TABLE IF NOT EXISTS auth.providers (
    id text PRIMARY KEY
);

CREATE TABLE IF NOT EXISTS auth.user_providers (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    user_id uuid NOT NULL,
    access_token text NOT NULL,
    refresh_token text,
    provider_id text NOT NULL,
    provider_user_id text NOT NULL,
    CONSTRAINT user_providers_provider_id_provider_user_id_key UNIQUE (provider_id, provider_user_id),
    CONSTRAINT fk_user FOREIGN KEY (user_id) REFERENCES auth.users (id) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT fk_provider FOREIGN KEY (provider_id) REFERENCES auth.providers (id)
        ON UPDATE CASCADE ON DELETE RESTRICT
);
CREATE INDEX IF NOT EXISTS user_providers_user_id_idx ON auth.user_providers (user_id);

CREATE TABLE IF NOT EXISTS auth.provider_requests (
    id uuid PRIMARY KEY,
    options jsonb
);

CREATE TABLE IF NOT EXISTS auth.refresh_token_types (
    value text PRIMARY KEY,
    comment text
);

CREATE TABLE IF NOT EXISTS auth.refresh_tokens (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    created_at timestamptz NOT NULL DEFAULT now(),
    expires_at timestamptz NOT NULL,
    user_id uuid NOT NULL,
    metadata jsonb,
    type text NOT NULL DEFAULT 'regular',
    refresh_token_hash varchar(255),
    CONSTRAINT fk_user FOREIGN KEY (user_id) REFERENCES auth.users (id) ON UPDATE CASCADE ON DELETE CASCADE,
    CONSTRAINT refresh_tokens_types_fkey FOREIGN KEY (type) REFERENCES auth.refresh_token_types (value)
        ON UPDATE RESTRICT ON DELETE RESTRICT
);
CREATE INDEX IF NOT EXISTS refresh_tokens_refresh_token_hash_expires_at_user_id_idx
    ON auth.refresh_tokens (refresh_token_hash, expires_at, user_id);
CREATE INDEX IF NOT EXISTS refresh_tokens_user_id_idx ON auth.refresh_tokens (user_id);
CREATE INDEX IF NOT EXISTS refresh_tokens_expires_at_idx ON auth.refresh_tokens (expires_at);

CREATE TABLE IF NOT EXISTS auth.user_security_keys (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    user_id uuid NOT NULL,
    credential_id text NOT NULL,
    credential_public_key bytea,
    counter bigint NOT NULL DEFAULT 0,
    transports varchar(255) NOT NULL DEFAULT '',
    nickname text,
    CONSTRAINT user_security_key_credential_id_key UNIQUE (credential_id),
    CONSTRAINT fk_user FOREIGN KEY (user_id) REFERENCES auth.users (id) ON UPDATE CASCADE ON DELETE CASCADE
);
CREATE INDEX IF NOT EXISTS user_security_keys_user_id_idx ON auth.user_security_keys (user_id);

CREATE OR REPLACE FUNCTION auth.set_current_timestamp_updated_at() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    new.updated_at = now();
    RETURN new;
END $$;
CREATE OR REPLACE TRIGGER set_auth_users_updated_at BEFORE UPDATE ON auth.users
    FOR EACH ROW EXECUTE FUNCTION auth.set_current_timestamp_updated_at();
CREATE OR REPLACE TRIGGER set_auth_user_providers_updated_at BEFORE UPDATE ON auth.user_providers
    FOR EACH ROW EXECUTE FUNCTION auth.set_current_timestamp_updated_at();

INSERT INTO auth.roles (role) VALUES ('user'), ('anonymous'), ('me') ON CONFLICT DO NOTHING;
INSERT INTO auth.refresh_token_types (value, comment)
    VALUES ('regular', 'Regular refresh token'), ('pat', 'Personal access token') ON CONFLICT DO NOTHING;
INSERT INTO auth.providers (id)
    VALUES ('apple'), ('azuread'), ('bitbucket'), ('discord'), ('entraid'), ('facebook'), ('github'), ('gitlab'),
           ('google'), ('linkedin'), ('spotify'), ('strava'), ('twitch'), ('twitter'), ('windowslive'), ('workos')
    ON CONFLICT DO NOTHING;

-- On a cluster laid out for the upstream images, their engine's role keeps the rights it expects.
DO $$ BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'nhost_hasura') THEN
        GRANT USAGE ON SCHEMA auth TO nhost_hasura;
        GRANT ALL ON ALL TABLES IN SCHEMA auth TO nhost_hasura;
        ALTER DEFAULT PRIVILEGES IN SCHEMA auth GRANT ALL ON TABLES TO nhost_hasura;
    END IF;
END $$;
