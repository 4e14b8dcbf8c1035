import { assertEquals, assertRejects } from "@std/assert";
import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { OctopusService } from "../../../../src/drivers/kafka/settings/octopus_service.ts";
import { BrokerError } from "../../../../src/errors.ts";
import { test } from "../../../harness.ts";

type Answer = { status?: number; body: string };

async function withService(
  answer: (request: IncomingMessage) => Answer,
  use: (service: OctopusService, requests: string[], url: string) => Promise<void>,
): Promise<void> {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    const { method, url, headers } = request;
    requests.push(`${method} ${url} ${headers.subject} ${headers.authorization}`);
    const { status = 200, body } = answer(request);
    response.writeHead(status, { connection: "close" });
    response.end(body);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    await use(new OctopusService({ url, subject: "me", authorization: "secret" }, "ns"), requests, url);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
}

test("topics are listed, created and deleted by the service, with the caller's identity", async () => {
  const body = JSON.stringify({ status: "success", namespaces: { ns: ["a", "info_a"], other: ["b"] } });
  await withService(() => ({ body }), async (service, requests) => {
    assertEquals(await service.topics(), ["a", "info_a"]);
    await service.create("a");
    await service.delete("a-x20-b");
    assertEquals(requests, [
      "GET /api/v3/namespace me secret",
      "POST /api/v3/ns/a me secret",
      "DELETE /api/v3/ns/a-x20-b me secret",
    ]);
  });
});

test("a namespace unknown to the service has no topics", async () => {
  await withService(() => ({ body: '{"namespaces": {}}' }), async (service) => {
    assertEquals(await service.topics(), []);
  });
});

test("a refusal by the service is an error with its message", async () => {
  await withService(() => ({ status: 403, body: "not yours" }), async (service, _, url) => {
    const error = await assertRejects(() => service.create("a"), BrokerError);
    assertEquals(error.message, `Cannot create topic "a": "${url}" answers 403: not yours`);
    assertEquals([error.reason, error.canRetry, error.brokers], ["403", false, url]);
  });
});

test("an answer of another form is an error, not an empty list", async () => {
  await withService(() => ({ body: "<html>" }), async (service) => {
    await assertRejects(() => service.topics(), BrokerError, "is not JSON");
  });
  await withService(() => ({ body: "{}" }), async (service) => {
    await assertRejects(() => service.topics(), BrokerError, 'has no "namespaces"');
  });
});

test("an unreachable service is named", async () => {
  const service = new OctopusService({ url: "http://127.0.0.1:1", subject: "s", authorization: "a" }, "ns");
  const error = await assertRejects(
    () => service.create("a"),
    BrokerError,
    'no answer from "http://127.0.0.1:1"',
  );
  assertEquals(error.canRetry, true);
});
