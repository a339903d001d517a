// The server's paths that this page calls, all of them relative to where the page itself came from.

import { meant } from "./operations.js";
import { acting, credentials, headers, say } from "./session.js";
import { subscription } from "./subscription.js";

const address = (path) => new URL(path, document.baseURI);

/** GraphiQL's fetcher: a websocket for a subscription, HTTP for everything else. */
export function fetcher(body, options = {}) {
  const all = { ...headers(), ...options.headers };
  const { operationName, isSubscription } = meant(body);
  const payload = { ...body, operationName };
  if (!isSubscription) return post("v1/graphql", payload, all);
  const url = address("v1/graphql").href.replace(/^http/, "ws");
  return subscription({ url, headers: all, payload, onLost, onBack });
}

function onLost() {
  say(false, "connection lost: trying again…");
}

function onBack() {
  say(true, "connected again");
}

/** Why the server does not take these credentials, or nothing. */
export async function refusal() {
  const { errors } = await post("v1/graphql", { query: "{ __typename }" }, headers());
  return errors && errors[0].message;
}

export async function isAdmin() {
  const reply = await fetch(address("v1alpha1/config"), { headers: credentials() });
  return reply.ok;
}

/** Every role that the metadata names; none for who may not read it. */
export async function roles() {
  const found = new Set(["admin"]);
  const visit = (value, key) => {
    if (Array.isArray(value)) for (const item of value) visit(item);
    else if (value && typeof value === "object") for (const name in value) visit(value[name], name);
    else if (key === "role" || key === "role_name") found.add(String(value));
  };
  visit(await post("v1/metadata", { type: "export_metadata", args: {} }, credentials()));
  return [...found].sort();
}

/** {fields} of a query, {fields, variables} of a subscription, or {error}. */
export async function explain(query) {
  const user = { "x-hasura-role": "admin", ...acting() };
  const reply = await post("v1/graphql/explain", { query, user }, credentials());
  if (reply.error) return { error: reply.error };
  return Array.isArray(reply) ? { fields: reply } : { fields: [reply], variables: reply.variables };
}

async function post(path, body, more) {
  const reply = await fetch(address(path), {
    method: "POST",
    headers: { "content-type": "application/json", ...more },
    body: JSON.stringify(body),
  });
  if (!reply.headers.get("content-type")?.includes("json")) throw new Error(`HTTP status ${reply.status}`);
  return reply.json();
}
