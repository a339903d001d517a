// The bar's values become headers of every request; they live as long as this tab.
"use strict";

const form = document.getElementById("session");
const state = document.getElementById("state");
const endpoint = new URL("v1/graphql", document.baseURI).href;
const root = ReactDOM.createRoot(document.getElementById("console"));
const explorer = GraphiQLPluginExplorer.explorerPlugin({ showAttribution: false });
const welcome = "# Ctrl-Enter runs the query.\n# Click fields to build one.\n\nquery {\n  __typename\n}\n";

function headers() {
  const { secret, role, token } = Object.fromEntries(new FormData(form));
  return {
    ...(secret && { "x-hasura-admin-secret": secret }),
    ...(role && { "x-hasura-role": role }),
    ...(token && { authorization: `Bearer ${token}` }),
  };
}

async function ask(body, more) {
  const reply = await fetch(endpoint, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers(), ...more },
    body: JSON.stringify(body),
  });
  return reply.json();
}

async function tell() {
  try {
    const reply = await ask({ query: "{ __typename }" });
    const refused = reply.errors && reply.errors[0] && reply.errors[0].message;
    show(!refused, refused || `connected as ${headers()["x-hasura-role"] || (headers().authorization ? "the token's role" : "admin")}`);
  } catch (error) {
    show(false, `the server does not answer: ${error.message}`);
  }
}

function show(ok, text) {
  state.dataset.ok = String(ok);
  state.textContent = text;
}

let opened = 0;
function open() {
  const fetcher = (body, options) => ask(body, options && options.headers);
  root.render(React.createElement(GraphiQL, { key: opened++, fetcher, plugins: [explorer], visiblePlugin: explorer, defaultQuery: welcome, shouldPersistHeaders: false }));
  tell();
}

for (const input of form.elements) {
  if (input.name) input.value = sessionStorage.getItem(`console.${input.name}`) || "";
}
form.addEventListener("submit", (event) => {
  event.preventDefault();
  for (const input of form.elements) {
    if (input.name) sessionStorage.setItem(`console.${input.name}`, input.value);
  }
  open();
});

// GraphiQL marks the body when its theme is chosen by hand; by default it follows the system, and so does the bar.
const dark = matchMedia("(prefers-color-scheme: dark)");
const follow = () => {
  const chosen = localStorage.getItem("graphiql:theme");
  document.body.classList.toggle("graphiql-dark", chosen ? chosen === "dark" : dark.matches);
};
dark.addEventListener("change", follow);
follow();
open();
