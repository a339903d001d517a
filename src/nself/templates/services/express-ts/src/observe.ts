// Around every request: an id, numbers for /metrics, one line in the log.
import { randomUUID } from "node:crypto";
import type { NextFunction, Request, Response } from "express";
import { log } from "./log.js";
import { count } from "./metrics.js";

const REQUEST_ID = /^[A-Za-z0-9._:-]{1,128}$/;

export function observe(request: Request, response: Response, next: NextFunction): void {
  const began = performance.now();
  const given = request.get("X-Request-ID") ?? "";
  const id = REQUEST_ID.test(given) ? given : randomUUID();
  response.locals.requestId = id;
  response.set("X-Request-ID", id);
  // Also when the client went away before the answer was finished.
  response.once("close", () => {
    const took = performance.now() - began;
    const status = response.writableFinished ? response.statusCode : 499;
    const route = request.route ? request.baseUrl + request.route.path : "unmatched";
    count(request.method, route, status, took / 1000);
    log.info(
      {
        method: request.method,
        path: request.originalUrl.split("?")[0],
        status,
        duration_ms: Math.round(took * 100) / 100,
        request_id: id,
      },
      "request",
    );
  });
  next();
}
