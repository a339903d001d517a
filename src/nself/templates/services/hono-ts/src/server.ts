// Serve until SIGTERM, then let requests that are under way finish.
import type { Server } from "node:http";
import { serve } from "@hono/node-server";
import { app } from "./app.js";
import { database } from "./database.js";
import { log } from "./log.js";
import { settings } from "./settings.js";

const server = serve({ fetch: app.fetch, hostname: settings.host, port: settings.port }, ({ address, port }) => {
  log.info({ host: address, port }, "started");
}) as Server;

function stop(): void {
  // Nobody new is let in. A connection that is kept alive ends with the answer it waits for.
  server.prependListener("request", (_request, response) => response.setHeader("Connection", "close"));
  server.close(async () => {
    await database?.end();
    log.info("stopped");
  });
  setTimeout(() => server.closeAllConnections(), settings.graceMs).unref();
}

process.once("SIGTERM", stop);
process.once("SIGINT", stop);
