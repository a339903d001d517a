// Runs TypeScript and JavaScript functions, one call at a time. The server feeds this program to `deno run -`, so that
// Deno looks for `deno.json` and `package.json` in the functions folder. Argument: the socket to connect to.
//
// A function's file exports one of:
//   export default (req: Request) => Response              web standard, also with a second parameter `ctx` or `context`
//   export default { fetch(req: Request, ctx) {...} }      the same, as an object
//   export default (req, res) => { res.json({...}) }       Express style, as in Nhost
//   export function handler(event, context) {...}          event style; answers {statusCode, headers, body} or any value

type Pairs = [string, string][];
type Head = {
  function: string; file: string; request_id: string; method: string; url: string; path: string; query: string;
  headers: Pairs; load?: boolean;
};
type Answer = { status: number; headers: Pairs; body: Uint8Array };
type Context = { functionName: string; function_name: string; requestId: string; request_id: string };
// deno-lint-ignore no-explicit-any
type Any = any;
type Handler = (head: Head, body: Uint8Array, context: Context) => Promise<Answer>;

const encoder = new TextEncoder();
const decoder = new TextDecoder();
const JSON_TYPE = "application/json; charset=utf-8";
const handlers = new Map<string, Handler>();

class LoadFailed extends Error {}

// --- frames: 4 bytes length of the head, 4 bytes length of the body, both big-endian, then head and body

async function read(size: number): Promise<Uint8Array | null> {
  const bytes = new Uint8Array(size);
  for (let filled = 0; filled < size;) {
    const count = await connection.read(bytes.subarray(filled));
    if (count === null) return null;
    filled += count;
  }
  return bytes;
}

async function write(...pieces: Uint8Array[]): Promise<void> {
  for (const piece of pieces) {
    for (let sent = 0; sent < piece.length;) sent += await connection.write(piece.subarray(sent));
  }
}

async function reply(head: unknown, body: Uint8Array): Promise<void> {
  const encoded = encoder.encode(JSON.stringify(head));
  const lengths = new DataView(new ArrayBuffer(8));
  lengths.setUint32(0, encoded.length);
  lengths.setUint32(4, body.length);
  await write(new Uint8Array(lengths.buffer), encoded, body);
}

// --- a function's file -> a handler

async function load(head: Head): Promise<Handler> {
  const known = handlers.get(head.file);
  if (known) return known;
  const handler = handlerOf(await imported(head.file), head.function);
  handlers.set(head.file, handler);
  return handler;
}

async function imported(file: string): Promise<Any> {
  try {
    return await import(urlOf(file));
  } catch (error) {
    const failed = new LoadFailed(error instanceof Error ? loadMessage(error) : String(error));
    failed.stack = error instanceof Error ? error.stack : undefined;
    throw failed;
  }
}

// Deno puts the place of a syntax error last, under a picture of the line; it is worth more in front.
function loadMessage(error: Error): string {
  const place = /^\s*at (file:.*)$/m.exec(error.message)?.[1];
  const [first] = error.message.split("\n");
  return (place ? `${place}: ` : "") + (/^\w*Error: /.test(first) ? first : `${error.name}: ${first}`);
}

function urlOf(path: string): string {
  const url = new URL("file:///");
  url.pathname = path.replaceAll("%", "%25");
  return url.href;
}

function handlerOf(module: Any, name: string): Handler {
  // A CommonJS file's exports arrive as the default export.
  const events = module.handler ?? module.default?.handler;
  const standard = module.default;
  if (typeof events === "function") return (head, body, context) => event(events, head, body, context);
  if (typeof standard?.fetch === "function") return (head, body, context) => web(standard.fetch.bind(standard), head, body, context);
  if (typeof standard === "function") {
    const style = wantsResponse(standard) ? express : web;
    return (head, body, context) => style(standard, head, body, context);
  }
  throw new LoadFailed(`${name} exports no function: neither a default export nor \`handler\``);
}

// `(req, res)` is Express's; a second parameter called ctx, context or info, or taken apart at once, is the web's.
function wantsResponse(handler: Any): boolean {
  if (handler.length < 2) return false;
  const second = /^[^,]*,\s*([^)]*)/.exec(String(handler).replace(/^(async\s+)?(function)?\s*[\w$]*\s*\(/, ""));
  return !/^(_?(ctx|context|info)\b|\{)/i.test(second?.[1] ?? "");
}

// --- the three styles

async function web(handler: Any, head: Head, body: Uint8Array, context: Context): Promise<Answer> {
  const bodyless = head.method === "GET" || head.method === "HEAD";
  const request = new Request(head.url, {
    method: head.method,
    headers: head.headers.filter(([name]) => name !== "content-length"),
    body: bodyless ? undefined : body as BodyInit,
  });
  return await answerOf(await handler(request, context));
}

async function event(handler: Any, head: Head, body: Uint8Array, context: Context): Promise<Answer> {
  const headers = texts(head.headers);
  const given = {
    method: head.method,
    path: head.path,
    query: lists(new URLSearchParams(head.query)),
    headers,
    body: parsed(headers["content-type"] ?? "", body),
    rawBody: body,
  };
  const result = await handler(given, context);
  if (!(result && typeof result === "object" && "statusCode" in result)) return await answerOf(result);
  const content = result.body === undefined ? { headers: [], body: new Uint8Array() } : contentOf(result.body);
  const bytes = result.isBase64Encoded ? Uint8Array.from(atob(String(result.body)), (c) => c.charCodeAt(0)) : content.body;
  return { status: statusOf(result.statusCode), headers: overlaid(content.headers, pairs(result.headers ?? {})), body: bytes };
}

async function express(handler: Any, head: Head, body: Uint8Array, context: Context): Promise<Answer> {
  const headers = texts(head.headers);
  const request = {
    method: head.method,
    url: head.path + (head.query ? "?" + head.query : ""),
    originalUrl: head.path + (head.query ? "?" + head.query : ""),
    path: head.path,
    query: lists(new URLSearchParams(head.query)),
    params: {},
    headers,
    body: parsed(headers["content-type"] ?? "", body) ?? {},
    rawBody: decoder.decode(body),
    hostname: new URL(head.url).hostname,
    protocol: new URL(head.url).protocol.slice(0, -1),
    invocationId: context.requestId,
    get: (name: string) => headers[name.toLowerCase()],
    header: (name: string) => headers[name.toLowerCase()],
  };
  const response = new ExpressResponse();
  const result = await handler(request, response);
  if (result instanceof Response) return await answerOf(result);
  await response.ended;
  return response.answer();
}

class ExpressResponse {
  statusCode = 200;
  headersSent = false;
  ended: Promise<void>;
  #end!: () => void;
  #headers: Pairs = [];
  #body: Uint8Array[] = [];

  constructor() {
    this.ended = new Promise((resolve) => this.#end = resolve);
  }

  status(code: number) {
    this.statusCode = code;
    return this;
  }

  set(name: string | Record<string, unknown>, value?: unknown) {
    for (const [key, text] of typeof name === "string" ? [[name, value] as const] : Object.entries(name)) {
      this.#headers = [...this.#headers.filter(([known]) => known !== key.toLowerCase()), ...pairs({ [key]: text })];
    }
    return this;
  }

  setHeader(name: string, value: unknown) {
    return this.set(name, value);
  }

  header(name: string | Record<string, unknown>, value?: unknown) {
    return this.set(name, value);
  }

  append(name: string, value: unknown) {
    this.#headers.push(...pairs({ [name]: value }));
    return this;
  }

  get(name: string) {
    return this.#headers.find(([known]) => known === name.toLowerCase())?.[1];
  }

  getHeader(name: string) {
    return this.get(name);
  }

  removeHeader(name: string) {
    this.#headers = this.#headers.filter(([known]) => known !== name.toLowerCase());
    return this;
  }

  type(kind: string) {
    return this.set("content-type", kind.includes("/") ? kind : TYPES[kind] ?? "text/plain; charset=utf-8");
  }

  json(value: unknown) {
    if (!this.get("content-type")) this.set("content-type", JSON_TYPE);
    return this.end(JSON.stringify(value));
  }

  send(value?: unknown) {
    if (value === undefined || value === null) return this.end();
    if (typeof value === "string" && !this.get("content-type")) this.set("content-type", "text/html; charset=utf-8");
    if (typeof value === "object" && !(value instanceof Uint8Array)) return this.json(value);
    return this.end(typeof value === "string" || value instanceof Uint8Array ? value : String(value));
  }

  sendStatus(code: number) {
    return this.status(code).type("text").end(String(code));
  }

  redirect(first: number | string, second?: string) {
    const [code, url] = typeof first === "number" ? [first, second ?? ""] : [302, first];
    return this.status(code).set("location", url).end();
  }

  write(piece: string | Uint8Array) {
    this.headersSent = true;
    this.#body.push(typeof piece === "string" ? encoder.encode(piece) : piece);
    return true;
  }

  end(piece?: string | Uint8Array) {
    if (piece !== undefined) this.write(piece);
    this.headersSent = true;
    this.#end();
    return this;
  }

  answer(): Answer {
    return { status: statusOf(this.statusCode), headers: this.#headers, body: joined(this.#body) };
  }
}

const TYPES: Record<string, string> = {
  json: JSON_TYPE, html: "text/html; charset=utf-8", text: "text/plain; charset=utf-8", xml: "application/xml; charset=utf-8",
};

// --- what a function returned -> status, headers and bytes

async function answerOf(result: unknown): Promise<Answer> {
  if (result instanceof Response) {
    return { status: result.status, headers: [...result.headers], body: new Uint8Array(await result.arrayBuffer()) };
  }
  if (result === undefined || result === null) return { status: 204, headers: [], body: new Uint8Array() };
  return { status: 200, ...contentOf(result) };
}

function contentOf(value: unknown): { headers: Pairs; body: Uint8Array } {
  if (typeof value === "string") {
    return { headers: [["content-type", "text/plain; charset=utf-8"]], body: encoder.encode(value) };
  }
  if (value instanceof Uint8Array) return { headers: [["content-type", "application/octet-stream"]], body: value };
  const text = JSON.stringify(value);
  if (text === undefined) throw new TypeError(`what it returned cannot be sent as JSON: a ${typeof value}`);
  return { headers: [["content-type", JSON_TYPE]], body: encoder.encode(text) };
}

function statusOf(value: unknown): number {
  const status = Number(value);
  if (!Number.isInteger(status)) throw new TypeError(`statusCode must be a number, got ${JSON.stringify(value)}`);
  return status;
}

function pairs(headers: Record<string, unknown>): Pairs {
  return Object.entries(headers).flatMap(([name, value]) =>
    (Array.isArray(value) ? value : [value]).map((text): [string, string] => [name.toLowerCase(), String(text)])
  );
}

function overlaid(below: Pairs, above: Pairs): Pairs {
  const names = new Set(above.map(([name]) => name));
  return [...below.filter(([name]) => !names.has(name)), ...above];
}

function joined(pieces: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(pieces.reduce((size, piece) => size + piece.length, 0));
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}

// --- what a request carries

function texts(headers: Pairs): Record<string, string> {
  const found: Record<string, string> = {};
  for (const [name, text] of headers) found[name] = name in found ? `${found[name]}, ${text}` : text;
  return found;
}

function lists(params: URLSearchParams): Record<string, string | string[]> {
  const found: Record<string, string | string[]> = {};
  for (const name of new Set(params.keys())) {
    const all = params.getAll(name);
    found[name] = all.length === 1 ? all[0] : all;
  }
  return found;
}

function parsed(type: string, body: Uint8Array): unknown {
  if (!body.length) return null;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(body);
  } catch {
    return body;
  }
  const kind = type.split(";")[0].trim().toLowerCase();
  if (kind === "application/json" || kind.endsWith("+json")) {
    try {
      return JSON.parse(text);
    } catch {
      return text;
    }
  }
  return kind === "application/x-www-form-urlencoded" ? lists(new URLSearchParams(text)) : text;
}

// --- the loop

function failureOf(error: unknown): { message: string; stack: string; load: boolean } {
  const load = error instanceof LoadFailed;
  const message = error instanceof Error ? (load ? error.message : `${error.name}: ${error.message}`) : String(error);
  return { message: shortened(message), stack: shortened(error instanceof Error ? error.stack ?? "" : ""), load };
}

// Files are named as the user knows them, and our own frames are left out.
function shortened(text: string): string {
  const lines = text.split("\n").filter((line) => !line.includes("$deno$stdin"));
  return lines.join("\n").replaceAll(urlOf(Deno.cwd()) + "/", "");
}

async function answer(head: Head, body: Uint8Array): Promise<void> {
  const context = {
    functionName: head.function, function_name: head.function, requestId: head.request_id, request_id: head.request_id,
  };
  let answered: Answer;
  try {
    const handler = await load(head);
    answered = head.load ? { status: 204, headers: [], body: new Uint8Array() } : await handler(head, body, context);
  } catch (error) {
    return await reply({ failure: failureOf(error) }, new Uint8Array());
  }
  await reply({ status: answered.status, headers: answered.headers }, answered.body);
}

// A promise nobody awaits must not end the worker; what it says goes to the log.
globalThis.addEventListener("unhandledrejection", (event) => {
  event.preventDefault();
  console.error("unhandled rejection:", event.reason);
});
globalThis.addEventListener("error", (event) => {
  event.preventDefault();
  console.error("uncaught error:", event.error);
});

const connection = await Deno.connect({ transport: "unix", path: Deno.args[0] });
for (let lengths; (lengths = await read(8));) {
  const sizes = new DataView(lengths.buffer);
  const head = await read(sizes.getUint32(0));
  const body = await read(sizes.getUint32(4));
  if (!head || !body) break;
  await answer(JSON.parse(decoder.decode(head)), body);
}
Deno.exit(0);
