// GraphiQL below a bar that says who asks.

import { fetcher, isAdmin, refusal, roles } from "./api.js";
import { explainPlugin } from "./explain.js";
import { acting, credentials, headers, offerRoles, onApply, restore, say } from "./session.js";

const place = document.getElementById("console");
const refused = document.getElementById("refused");
const root = ReactDOM.createRoot(place);
const explorer = GraphiQLPluginExplorer.explorerPlugin({ showAttribution: false });
const welcome = "# Ctrl-Enter runs the operation. Click fields on the left to build one.\n\nquery {\n  __typename\n}\n";

let opened = 0;
async function open() {
  const mine = ++opened; // a later click on Apply wins
  say(null, "…");
  const reason = await refusal().catch((error) => `the server does not answer: ${error.message}`);
  if (mine !== opened) return;
  place.hidden = Boolean(reason);
  refused.hidden = !reason;
  if (reason) {
    root.render(null);
    document.getElementById("reason").textContent = reason;
    document.querySelector("[name=secret]").focus();
    return say(false, "not connected");
  }
  root.render(graphiql(mine));
  const admin = await isAdmin();
  if (mine !== opened) return;
  say(true, `connected as ${who(admin)}`);
  offerRoles(admin ? await roles() : []);
}

function who(admin) {
  const role = acting()["x-hasura-role"];
  if (admin) return role || "admin";
  if (headers().authorization) return role || "the token's default role";
  return "a visitor without a secret";
}

/** A new key makes everything anew: schema and results of another role are not shown. */
function graphiql(key) {
  const plugins = credentials().authorization ? [explorer] : [explorer, explainPlugin];
  const theirs = { fetcher, plugins, visiblePlugin: explorer, defaultQuery: welcome, shouldPersistHeaders: false };
  return React.createElement(GraphiQL, { key, ...theirs });
}

restore();
onApply(open);
open();
