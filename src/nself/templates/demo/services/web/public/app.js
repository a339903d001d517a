// The whole client: no library, four APIs. The page lives at app.<domain>, each API at <name>.<domain>.
const at = (service, path = "") => location.origin.replace("//app.", `//${service}.`) + path;
const $ = (selector) => document.querySelector(selector);

let session = null;

const authorization = () => (session ? { Authorization: `Bearer ${session.accessToken}` } : {});

async function call(url, options = {}) {
  const response = await fetch(url, options);
  const body = response.headers.get("content-type")?.includes("json") ? await response.json() : null;
  if (!response.ok) throw new Error(body?.message ?? body?.error?.message ?? `${response.status} from ${url}`);
  return body;
}

const postJson = (url, body, headers = {}) =>
  call(url, { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: JSON.stringify(body) });

async function graphql(query, variables = {}) {
  const answer = await postJson(at("api", "/v1/graphql"), { query, variables }, authorization());
  if (answer.errors) throw new Error(answer.errors[0].message);
  return answer.data;
}

async function upload(file) {
  const form = new FormData();
  form.append("bucket-id", "default");
  form.append("file[]", file);
  const { processedFiles } = await call(at("storage", "/v1/files"), { method: "POST", headers: authorization(), body: form });
  return processedFiles[0].id;
}

async function photo(id) {
  const { url } = await call(at("storage", `/v1/files/${id}/presignedurl`), { headers: authorization() });
  return url;
}

const element = (tag, text, attributes = {}) => Object.assign(document.createElement(tag), { textContent: text, ...attributes });

async function showTrails() {
  const { trails } = await graphql(`query { trails(order_by: { name: asc }) { id name region length_km ascent_m } }`);
  $("#hike select").replaceChildren(...trails.map((trail) => element("option", trail.name, { value: trail.id })));
  $("#trails").replaceChildren(
    ...trails.map((trail) => {
      const row = document.createElement("tr");
      const time = element("td", "…", { className: "number" });
      row.append(
        element("td", trail.name),
        element("td", trail.region),
        element("td", `${trail.length_km} km`, { className: "number" }),
        element("td", `${trail.ascent_m} m`, { className: "number" }),
        time,
      );
      call(at("functions", `/pace?km=${trail.length_km}&ascent=${trail.ascent_m}`))
        .then((pace) => (time.textContent = pace.text))
        .catch(() => (time.textContent = "unknown"));
      return row;
    }),
  );
}

async function showHikes() {
  const { hikes } = await graphql(
    `query { hikes(order_by: [{ walked_on: desc }, { created_at: desc }]) { id walked_on notes photo_id trail { name } } }`,
  );
  const items = hikes.map(async (hike) => {
    const item = document.createElement("li");
    if (hike.photo_id) item.append(Object.assign(new Image(), { src: await photo(hike.photo_id), alt: "" }));
    const text = element("div", "", { className: "text" });
    text.append(element("strong", hike.trail.name), " ", element("time", hike.walked_on));
    if (hike.notes) text.append(element("div", hike.notes, { className: "notes" }));
    item.append(text);
    return item;
  });
  $("#hikes").replaceChildren(...(await Promise.all(items)));
}

function signedIn(next) {
  session = next;
  $("#who").textContent = session ? `Signed in as ${session.user.email}.` : "You are looking as a guest.";
  $("#account").hidden = Boolean(session);
  $("#hike").hidden = !session;
  $("#sign-out").hidden = !session;
  if (!session) $("#hikes").replaceChildren();
}

function onSubmit(form, work) {
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const filled = new FormData(form, event.submitter); // before the buttons are disabled: that would leave theirs out
    const buttons = form.querySelectorAll("button");
    buttons.forEach((button) => (button.disabled = true));
    $("#problem").hidden = true;
    try {
      await work(filled);
    } catch (error) {
      $("#problem").textContent = error.message;
      $("#problem").hidden = false;
    } finally {
      buttons.forEach((button) => (button.disabled = false));
    }
  });
}

onSubmit($("#account"), async (form) => {
  const path = `/v1/${form.get("action")}/email-password`;
  const answer = await postJson(at("auth", path), { email: form.get("email"), password: form.get("password") });
  if (!answer.session) throw new Error("Look into the mail inbox: your address waits to be verified.");
  signedIn(answer.session);
  await showHikes();
});

onSubmit($("#hike"), async (form) => {
  const file = form.get("photo");
  const photo_id = file?.size ? await upload(file) : null;
  await graphql(`mutation ($hike: hikes_insert_input!) { insert_hikes_one(object: $hike) { id } }`, {
    hike: { trail_id: form.get("trail_id"), walked_on: form.get("walked_on"), notes: form.get("notes"), photo_id },
  });
  $("#hike textarea").value = "";
  $("#hike [name=photo]").value = "";
  await showHikes();
});

$("#sign-out").addEventListener("click", async () => {
  await postJson(at("auth", "/v1/signout"), { refreshToken: session.refreshToken });
  signedIn(null);
});

document.querySelectorAll("[data-service]").forEach((link) => (link.href = at(link.dataset.service, link.dataset.path)));
$("#hike [name=walked_on]").valueAsDate = new Date();
await showTrails();
document.body.dataset.ready = "true";
