// Numbers for Prometheus. Labels are routes, not paths: paths are endless, and each would be a series of its own.
import { Counter, Histogram, Registry, collectDefaultMetrics } from "prom-client";

export const registry = new Registry();
collectDefaultMetrics({ register: registry });

const METHODS = new Set(["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]);

const requests = new Counter({
  name: "http_requests_total",
  help: "Requests by how they ended.",
  labelNames: ["method", "route", "status"],
  registers: [registry],
});
const durations = new Histogram({
  name: "http_request_duration_seconds",
  help: "How long requests took.",
  labelNames: ["method", "route"],
  registers: [registry],
});

export function count(given: string, route: string, status: number, seconds: number): void {
  const method = METHODS.has(given) ? given : "other";
  requests.inc({ method, route, status });
  durations.observe({ method, route }, seconds);
}
