// The project's PostgreSQL, when this service has access to it. A connection is made when one is needed.
import { Pool } from "pg";
import { log } from "./log.js";
import { settings } from "./settings.js";

export const database = settings.databaseUrl ? new Pool({ connectionString: settings.databaseUrl, max: 10 }) : null;

// An idle connection that breaks is replaced by the next query; unheard, the event would end the process.
database?.on("error", (error) => log.warn({ error }, "a database connection was lost"));

export async function databaseVersion(): Promise<string | null> {
  const result = await database?.query<{ server_version: string }>("SHOW server_version");
  return result?.rows[0]?.server_version ?? null;
}
