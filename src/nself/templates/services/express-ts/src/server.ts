// Serve until SIGTERM, then let requests that are under way finish.
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { app } from "./app.js";
import { database } from "./database.js";
import { log } from "./log.js";
import { settings } from "./settings.js";

const server = createServer(app);

server.listen(settings.port, settings.host, () => {
  const { address: host, port } = server.address() as AddressInfo;
  log.info({ host, port }, "started");
});

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
