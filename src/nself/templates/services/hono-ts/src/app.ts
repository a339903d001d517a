// The application: its routes, and what becomes of errors.
import { type Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { HTTPException } from "hono/http-exception";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { databaseVersion } from "./database.js";
import { log } from "./log.js";
import { registry } from "./metrics.js";
import { type Variables, observe } from "./observe.js";
import { settings, version } from "./settings.js";

type Env = { Variables: Variables };

export const app = new Hono<Env>();
app.use(observe);
app.use(
  bodyLimit({
    maxSize: settings.bodyLimit,
    onError: (context: Context<Env>) => {
      // The rest of the body is not read, so the connection cannot carry another request.
      context.header("Connection", "close");
      return fail(context, 413, `the body is larger than ${settings.bodyLimit} bytes`);
    },
  }),
);

app.get("/", (context) =>
  context.json({ service: settings.service, version, environment: settings.environment }),
);

app.get("/health", (context) => context.json({ status: "ok", uptime_s: process.uptime() }));

// Which framework this is, and the database's version when there is access to one.
app.get("/api/info", async (context) => {
  const found = { service: settings.service, language: "TypeScript", framework: "Hono" };
  return context.json({ ...found, database: await databaseVersion() });
});

app.post("/api/echo", async (context) => context.json({ echo: await json(context) }));

app.get("/metrics", async (context) => {
  context.header("Content-Type", registry.contentType);
  return context.body(await registry.metrics());
});

app.notFound((context) => fail(context, 404, "not found"));

app.onError((error, context) => {
  if (error instanceof HTTPException) {
    return fail(context, error.status, error.message);
  }
  log.error({ error, request_id: context.get("requestId") }, "a request failed");
  return fail(context, 500, "internal error");
});

async function json(context: Context<Env>): Promise<unknown> {
  const text = await context.req.text();
  try {
    return JSON.parse(text);
  } catch {
    throw new HTTPException(400, { message: "the body is not JSON" });
  }
}

function fail(context: Context<Env>, status: ContentfulStatusCode, message: string): Response {
  return context.json({ error: message, request_id: context.get("requestId") }, status);
}
