// Receives webhooks at __ROUTE__: POST with the header `nhost-webhook-secret` and a JSON body.
//
// The secret is NHOST_WEBHOOK_SECRET of this project. GraphQL's event triggers and actions send it with
// `headers: [{name: nhost-webhook-secret, value_from_env: NHOST_WEBHOOK_SECRET}]`.

import { timingSafeEqual } from "node:crypto";

const encoder = new TextEncoder();
const secret = encoder.encode(Deno.env.get("NHOST_WEBHOOK_SECRET"));

function allowed(request: Request): boolean {
  const given = encoder.encode(request.headers.get("nhost-webhook-secret") ?? "");
  return secret.length > 0 && given.length === secret.length && timingSafeEqual(given, secret);
}

export default async (request: Request): Promise<Response> => {
  if (!allowed(request)) {
    return Response.json({ error: "the webhook secret is missing or wrong" }, { status: 401 });
  }
  const body: unknown = await request.json().catch(() => null);
  if (request.method !== "POST" || typeof body !== "object" || body === null || Array.isArray(body)) {
    return Response.json({ error: "send a JSON object by POST" }, { status: 400 });
  }
  console.log("received", Object.keys(body).sort());
  return Response.json({ received: true });
};
