// subscriptions-transport-ws, the older client: the same story.
import { SubscriptionClient } from "subscriptions-transport-ws";
import WebSocket from "ws";

const [url] = process.argv.slice(2);
const options = { connectionParams: { headers: { "x-hasura-admin-secret": "s3cret" } } };
const client = new SubscriptionClient(url, options, WebSocket);

const once = (query) =>
  new Promise((resolve) => {
    client.request({ query }).subscribe({ next: resolve, error: (error) => resolve({ errors: [error] }) });
  });

const names = [];
await new Promise((resolve) => {
  const running = client.request({ query: "subscription { author(order_by: {id: asc}) { name } }" }).subscribe({
    next: async ({ data }) => {
      names.push(data.author.map((row) => row.name));
      if (names.length === 1) return once('mutation { insert_author_one(object: {name: "Cy"}) { id } }');
      running.unsubscribe();
      resolve();
    },
  });
});
const refused = await once("subscription { nothing }");
client.close();
console.log(JSON.stringify({ names, refused: refused.errors[0].message }));
