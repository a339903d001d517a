// What the environment tells this service. Nothing else reads it.
const env = process.env;

export const settings = {
  service: env.SERVICE_NAME ?? "{{SERVICE_NAME}}",
  environment: env.ENV ?? "dev",
  host: env.HOST ?? "127.0.0.1",
  port: Number(env.PORT ?? "{{PORT}}"),
  /** Largest request body, in bytes. */
  bodyLimit: Number(env.BODY_LIMIT ?? 1024 * 1024),
  /** How long a stop waits for requests that are under way. */
  graceMs: Number(env.GRACE_SECONDS ?? 10) * 1000,
  /** Given when the service asks for it: `access: database` in nself.yml. */
  databaseUrl: env.DATABASE_URL,
};

export const version = "0.1.0";
