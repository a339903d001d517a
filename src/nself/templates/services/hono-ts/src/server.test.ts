// The service as it runs: a process of its own, asked over HTTP.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { after, before, test } from "node:test";

let service: ChildProcess;
let url: string;

before(async () => {
  service = spawn(process.execPath, ["dist/server.js"], {
    env: { ...process.env, PORT: "0" },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: service.stdout! })) {
    const told = JSON.parse(line) as { message: string; port: number };
    if (told.message === "started") {
      url = `http://127.0.0.1:${told.port}`;
      break;
    }
  }
  service.stdout!.resume();
});

after(async () => {
  service.kill("SIGTERM");
  const [code] = await once(service, "exit");
  assert.equal(code, 0);
});

test("it is healthy", async () => {
  const answer = await fetch(`${url}/health`);
  assert.equal(answer.status, 200);
  assert.equal(((await answer.json()) as { status: string }).status, "ok");
});

test("it echoes JSON", async () => {
  const payload = { a: [1, null] };
  const answer = await post(JSON.stringify(payload));
  assert.equal(answer.status, 200);
  assert.deepEqual(await answer.json(), { echo: payload });
});

test("broken JSON is the client's mistake", async () => {
  const answer = await post("{", { "X-Request-ID": "mine" });
  assert.equal(answer.status, 400);
  assert.equal(((await answer.json()) as { request_id: string }).request_id, "mine");
});

function post(body: string, headers: Record<string, string> = {}): Promise<Response> {
  return fetch(`${url}/api/echo`, { method: "POST", body, headers: { "Content-Type": "application/json", ...headers } });
}
