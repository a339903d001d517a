// The bar: who asks. What it holds lives as long as this tab.

const form = document.getElementById("session");
const fields = [...form.elements].filter((field) => field.name);

export function restore() {
  for (const field of fields) field.value = sessionStorage.getItem(`console.${field.name}`) || "";
  count();
}

export function onApply(apply) {
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    for (const field of fields) sessionStorage.setItem(`console.${field.name}`, field.value);
    form.querySelector("details").open = false;
    count();
    apply();
  });
  // Enter makes a new line in the text area; with Ctrl it applies, as it runs a query below.
  form.elements.variables.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
  });
  document.addEventListener("click", (event) => {
    const menu = form.querySelector("details");
    if (!menu.contains(event.target)) menu.open = false;
  });
}

/** Headers of every request. */
export function headers() {
  return { ...credentials(), ...acting() };
}

/** The secret or the token, without the role: what the bar itself asks with. */
export function credentials() {
  const { secret, token } = values();
  return {
    ...(secret && { "x-hasura-admin-secret": secret }),
    ...(token && { authorization: `Bearer ${token}` }),
  };
}

/** The role and the session variables. */
export function acting() {
  const { role } = values();
  return { ...variables(), ...(role && { "x-hasura-role": role }) };
}

function variables() {
  const lines = values().variables.split("\n").map((line) => line.match(/^\s*([\w-]+)\s*[:=]\s*(.*?)\s*$/));
  return Object.fromEntries(lines.filter(Boolean).map(([, name, value]) => [prefixed(name.toLowerCase()), value]));
}

function prefixed(name) {
  return name.startsWith("x-hasura-") ? name : `x-hasura-${name}`;
}

function values() {
  return Object.fromEntries(fields.map((field) => [field.name, field.value.trim()]));
}

export function offerRoles(names) {
  const options = names.map((name) => Object.assign(document.createElement("option"), { value: name }));
  document.getElementById("roles").replaceChildren(...options);
}

export function say(ok, text) {
  const state = document.getElementById("state");
  state.dataset.ok = String(ok);
  state.textContent = text;
}

function count() {
  document.getElementById("count").textContent = Object.keys(variables()).length || "";
}
