// graphql-ws, the client of graphql-transport-ws: a live query, a mutation over the socket, a refused operation.
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [url] = process.argv.slice(2);
const client = createClient({
  url,
  webSocketImpl: WebSocket,
  connectionParams: { headers: { "x-hasura-admin-secret": "s3cret" } },
});

const once = (query) =>
  new Promise((resolve) => {
    const got = [];
    client.subscribe({ query }, { next: (one) => got.push(one.data), error: (e) => resolve({ error: e }), complete: () => resolve(got) });
  });

const names = [];
const stop = await new Promise((resolve) => {
  const unsubscribe = client.subscribe(
    { query: "subscription { author(order_by: {id: asc}) { name } }" },
    {
      next: async ({ data }) => {
        names.push(data.author.map((row) => row.name));
        if (names.length === 1) await once('mutation { insert_author_one(object: {name: "Cy"}) { id } }');
        else resolve(unsubscribe);
      },
      error: (error) => resolve(() => names.push(error)),
      complete: () => {},
    },
  );
});
stop();
const refused = await once("subscription { nothing }");
await client.dispose();
console.log(JSON.stringify({ names, refused: refused.error[0].message }));
