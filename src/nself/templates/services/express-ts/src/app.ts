// The application: its routes, and what becomes of errors.
import express, { type NextFunction, type Request, type Response } from "express";
import { databaseVersion } from "./database.js";
import { log } from "./log.js";
import { registry } from "./metrics.js";
import { observe } from "./observe.js";
import { settings, version } from "./settings.js";

export const app = express();
app.disable("x-powered-by");
app.use(observe);
app.use(express.json({ limit: settings.bodyLimit, strict: false }));

app.get("/", (_request, response) => {
  response.json({ service: settings.service, version, environment: settings.environment });
});

app.get("/health", (_request, response) => {
  response.json({ status: "ok", uptime_s: process.uptime() });
});

// Which framework this is, and the database's version when there is access to one.
app.get("/api/info", async (_request, response) => {
  const found = { service: settings.service, language: "TypeScript", framework: "Express" };
  response.json({ ...found, database: await databaseVersion() });
});

app.post("/api/echo", (request, response) => {
  // Express reads an empty body as {}.
  if (request.body === undefined || request.get("Content-Length") === "0") {
    fail(response, 400, "expected a JSON body");
  } else {
    response.json({ echo: request.body });
  }
});

app.get("/metrics", async (_request, response) => {
  response.type(registry.contentType).send(await registry.metrics());
});

app.use((_request, response) => fail(response, 404, "not found"));

app.use((error: unknown, _request: Request, response: Response, next: NextFunction) => {
  if (response.headersSent) {
    next(error);
    return;
  }
  const known = error as { status?: number; expose?: boolean; message?: string };
  if (known.expose && known.status) {
    fail(response, known.status, known.message ?? "bad request");
    return;
  }
  log.error({ error, request_id: response.locals.requestId }, "a request failed");
  fail(response, 500, "internal error");
});

function fail(response: Response, status: number, message: string): void {
  response.status(status).json({ error: message, request_id: response.locals.requestId });
}
