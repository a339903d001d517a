// Called at __ROUTE__ by the schedule in metadata/cron_triggers.yaml, at least once for each time that is due.
//
// Every time comes with an id of its own, which is the same when a call that failed is made again.

import { timingSafeEqual } from "node:crypto";

interface Due {
  id: string;
  scheduled_time: string;
}

const encoder = new TextEncoder();
const secret = encoder.encode(Deno.env.get("NHOST_WEBHOOK_SECRET"));

function allowed(request: Request): boolean {
  const given = encoder.encode(request.headers.get("nhost-webhook-secret") ?? "");
  return secret.length > 0 && given.length === secret.length && timingSafeEqual(given, secret);
}

export default async (request: Request): Promise<Response> => {
  if (!allowed(request)) {
    return Response.json({ error: "only the schedule may call this function" }, { status: 401 });
  }
  const due: Due = await request.json();
  console.log("due at", due.scheduled_time, "id", due.id);
  return Response.json({ done: due.id });
};
