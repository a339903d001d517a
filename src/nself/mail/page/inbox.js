// The inbox's page. Everything a message says is put on the page as text; its HTML lives in a sandboxed frame.

const PAGE_SIZE = 50;
const TABS = ["HTML", "Text", "Headers", "Source"];
const $ = (id) => document.getElementById(id);
const state = { start: 0, query: "", open: null, message: null, tab: "", remote: false };

// --- small things

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name.startsWith("on")) made.addEventListener(name.slice(2), value);
    else if (value !== false && value !== undefined) made.setAttribute(name, value === true ? "" : value);
  }
  made.append(...children);
  return made;
}

async function api(path, options = {}) {
  const answer = await fetch(`api/v1/${path}`, options);
  if (!answer.ok) throw new Error(await answer.text());
  return answer;
}

const send = (method, path, body) => api(path, { method, body: JSON.stringify(body) });

function person(address) {
  if (!address) return "(no sender)";
  return address.Name || address.Address;
}

const full = (address) => (address.Name ? `${address.Name} <${address.Address}>` : address.Address);

function size(bytes) {
  if (bytes < 1024) return `${bytes} B`;
  return bytes < 1024 ** 2 ? `${Math.round(bytes / 1024)} KB` : `${(bytes / 1024 ** 2).toFixed(1)} MB`;
}

function when(text) {
  const date = new Date(text);
  const today = date.toDateString() === new Date().toDateString();
  return today ? date.toLocaleTimeString([], { timeStyle: "short" }) : date.toLocaleDateString([], { dateStyle: "medium" });
}

function confirmed(question) {
  const dialog = $("confirm");
  $("question").textContent = question;
  dialog.returnValue = "no";
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => resolve(dialog.returnValue === "yes"), { once: true }));
}

// --- the list

async function list() {
  const parameters = new URLSearchParams({ start: state.start, limit: PAGE_SIZE });
  if (state.query) parameters.set("query", state.query);
  let found;
  try {
    found = await (await api(`${state.query ? "search" : "messages"}?${parameters}`)).json();
  } catch (error) {
    return showEmpty(error.message);
  }
  if (!found.messages.length && state.start) {
    state.start = 0;
    return list();
  }
  $("messages").replaceChildren(...found.messages.map(row));
  showCounts(found);
  if (!found.messages.length) showEmpty();
  else $("empty").hidden = true;
}

function row(message) {
  const subject = message.Subject || "(no subject)";
  return element(
    "li",
    { class: message.Read ? "" : "unread", "data-id": message.ID, "aria-current": String(message.ID === state.open) },
    element(
      "button",
      { type: "button", onclick: () => (location.hash = message.ID) },
      element("span", { class: "who" }, `${person(message.From)} → ${recipients(message)}`),
      element("span", { class: "when", title: new Date(message.Created).toLocaleString() }, when(message.Created)),
      element("span", { class: "subject" }, ...(message.Attachments ? [clip()] : []), subject),
      element("span", { class: "snippet" }, message.Snippet || " "),
    ),
  );
}

function clip() {
  const made = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  made.setAttribute("viewBox", "0 0 16 24");
  made.setAttribute("class", "clip");
  made.setAttribute("role", "img");
  made.setAttribute("aria-label", "Has attachments");
  const path = document.createElementNS(made.namespaceURI, "path");
  path.setAttribute("d", "M14 8v9a6 6 0 0 1-12 0V6a4 4 0 0 1 8 0v10a2 2 0 0 1-4 0V8");
  made.append(path);
  return made;
}

function recipients(message) {
  const all = [...message.To, ...message.Cc, ...message.Bcc];
  if (!all.length) return "(nobody)";
  return all.length > 1 ? `${all[0].Address} +${all.length - 1}` : all[0].Address;
}

function showCounts(found) {
  $("hint").hidden = Boolean(state.open) || !found.total;
  $("unread").hidden = !found.unread;
  $("unread").textContent = found.unread;
  document.title = found.unread ? `(${found.unread}) Inbox` : "Inbox";
  $("read-all").disabled = !found.unread;
  $("delete-all").disabled = !found.total;
  $("pages").hidden = found.messages_count <= PAGE_SIZE;
  $("range").textContent = `${state.start + 1}–${state.start + found.messages.length} of ${found.messages_count}`;
  $("newer").disabled = !state.start;
  $("older").disabled = state.start + PAGE_SIZE >= found.messages_count;
}

function showEmpty(problem) {
  const text = problem || (state.query ? "No message matches this search." : "No messages yet. What your project sends appears here.");
  $("messages").replaceChildren();
  $("empty").textContent = text;
  $("empty").hidden = false;
}

// --- one message

async function open(id) {
  state.open = id;
  state.remote = false;
  document.querySelector("main").classList.toggle("reading", Boolean(id));
  mark(id);
  $("message").hidden = !id;
  $("hint").hidden = Boolean(id);
  if (!id) return;
  let message;
  try {
    message = await (await api(`message/${encodeURIComponent(id)}`)).json();
  } catch {
    location.hash = ""; // deleted meanwhile
    return;
  }
  if (state.open !== id) return;
  state.message = message;
  state.open = state.message.ID; // `latest` has become a message of its own
  mark(state.open);
  showMessage(state.message);
}

function mark(id) {
  for (const item of $("messages").children) item.setAttribute("aria-current", String(item.dataset.id === id));
}

function showMessage(message) {
  $("subject").textContent = message.Subject || "(no subject)";
  $("download").href = `api/v1/message/${message.ID}/raw?dl=1`;
  $("addresses").replaceChildren(...fields(message));
  const parts = [...message.Attachments, ...message.Inline];
  $("attachments").hidden = !parts.length;
  $("attachments").replaceChildren(...parts.map((part) => attachment(message, part)));
  const tabs = TABS.filter((tab) => (tab !== "HTML" || message.HTML) && (tab !== "Text" || message.Text || !message.HTML));
  $("tabs").replaceChildren(
    ...tabs.map((tab) => element("button", { type: "button", role: "tab", "data-tab": tab, onclick: () => show(tab) }, tab)),
  );
  show(tabs.includes(state.tab) ? state.tab : tabs[0]);
}

function fields(message) {
  const rows = [
    ["From", message.From ? [message.From] : []], ["To", message.To], ["Cc", message.Cc], ["Bcc", message.Bcc], ["Reply to", message.ReplyTo],
  ].filter(([, addresses]) => addresses.length).map(([name, addresses]) => [name, addresses.map(full).join(", ")]);
  rows.push(["Date", `${new Date(message.Date).toLocaleString()} · ${size(message.Size)}`]);
  return rows.flatMap(([name, text]) => [element("dt", {}, name), element("dd", {}, text)]);
}

function attachment(message, part) {
  const link = { class: "button", href: `api/v1/message/${message.ID}/part/${part.PartID}`, target: "_blank", rel: "noopener" };
  return element("li", {}, element("a", link, `${part.FileName} `, element("span", { class: "size" }, size(part.Size))));
}

async function show(tab) {
  state.tab = tab;
  const message = state.message;
  for (const button of $("tabs").children) button.setAttribute("aria-selected", String(button.dataset.tab === tab));
  $("remote").hidden = tab !== "HTML" || state.remote || !/(src|background|srcset)\s*=\s*["']?\s*(https?:)?\/\/|url\(\s*["']?(https?:)?\/\//i.test(message.HTML);
  const body = await VIEWS[tab](message);
  if (state.message === message && state.tab === tab) $("body").replaceChildren(body);
}

const VIEWS = {
  // The frame may open links, and nothing else: no script, no form, no access to this page.
  HTML: (message) => element("iframe", {
    title: "The message", sandbox: "allow-popups allow-popups-to-escape-sandbox", referrerpolicy: "no-referrer",
    src: `view/${message.ID}.html${state.remote ? "?remote=1" : ""}`,
  }),
  Text: (message) => element("pre", {}, message.Text || "(no text)"),
  Headers: async (message) => {
    const headers = Object.entries(await (await api(`message/${message.ID}/headers`)).json());
    const rows = headers.flatMap(([name, texts]) => texts.map((text) => element("tr", {}, element("th", {}, name), element("td", {}, text))));
    return element("table", {}, element("tbody", {}, ...rows));
  },
  Source: async (message) => {
    const source = await (await api(`message/${message.ID}/raw`)).text();
    const most = 500_000;
    return element("pre", {}, source.length > most ? `${source.slice(0, most)}\n\n… download the message to see the rest` : source);
  },
};

// --- live

function connect(delay = 500) {
  const socket = new WebSocket(new URL("api/events", location.href.replace(/^http/, "ws").replace(/#.*/, "")));
  const live = $("live");
  socket.addEventListener("open", () => {
    live.classList.add("on");
    live.textContent = "live";
    live.title = "New messages appear by themselves";
    delay = 500;
    list();
  });
  socket.addEventListener("message", refreshSoon);
  socket.addEventListener("close", () => {
    live.classList.remove("on");
    live.textContent = "offline";
    live.title = "Not connected: new messages do not appear by themselves";
    setTimeout(() => connect(Math.min(delay * 2, 10_000)), delay);
  });
}

let refreshing = 0;
function refreshSoon() {
  clearTimeout(refreshing);
  refreshing = setTimeout(list, 80);
}

// --- wiring

let typing = 0;
$("query").addEventListener("input", () => {
  clearTimeout(typing);
  typing = setTimeout(() => {
    state.query = $("query").value.trim();
    state.start = 0;
    list();
  }, 200);
});
$("search").addEventListener("submit", (event) => event.preventDefault());
$("newer").addEventListener("click", () => turn(-PAGE_SIZE));
$("older").addEventListener("click", () => turn(PAGE_SIZE));
$("back").addEventListener("click", () => (location.hash = ""));
$("read-all").addEventListener("click", () => send("PUT", "messages", { Read: true }).then(list));
$("delete").addEventListener("click", async () => {
  await send("DELETE", "messages", { IDs: [state.open] });
  location.hash = "";
  list();
});
$("delete-all").addEventListener("click", async () => {
  if (!(await confirmed("Delete every message in this inbox? This cannot be undone."))) return;
  await api("messages", { method: "DELETE" });
  location.hash = "";
  list();
});
$("load-remote").addEventListener("click", () => {
  state.remote = true;
  show("HTML");
});
addEventListener("hashchange", () => open(location.hash.slice(1)));

function turn(by) {
  state.start = Math.max(0, state.start + by);
  list();
}

list().then(() => open(location.hash.slice(1)));
connect();
