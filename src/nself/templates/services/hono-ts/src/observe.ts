// Around every request: an id, numbers for /metrics, one line in the log.
import { randomUUID } from "node:crypto";
import { createMiddleware } from "hono/factory";
import { routePath } from "hono/route";
import { log } from "./log.js";
import { count } from "./metrics.js";

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

export type Variables = { requestId: string };

export const observe = createMiddleware<{ Variables: Variables }>(async (context, next) => {
  const began = performance.now();
  const given = context.req.header("X-Request-ID") ?? "";
  const id = REQUEST_ID.test(given) ? given : randomUUID();
  context.set("requestId", id);
  await next();
  context.header("X-Request-ID", id);
  const took = performance.now() - began;
  const { status } = context.res;
  const route = routePath(context, -1);
  count(context.req.method, route.endsWith("*") ? "unmatched" : route, status, took / 1000);
  log.info(
    {
      method: context.req.method,
      path: context.req.path,
      status,
      duration_ms: Math.round(took * 100) / 100,
      request_id: id,
    },
    "request",
  );
});
