import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import * as client from "@platformatic/kafka";
import { Buffer } from "node:buffer";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { failureOf, isClosedSilently, isTransient } from "../../../../src/drivers/kafka/client/failure.ts";
import { unsecuredToken } from "../../../../src/drivers/kafka/settings/oauth.ts";
import { readSettings } from "../../../../src/drivers/kafka/settings/settings.ts";
import { BrokerError, InvalidOptionError } from "../../../../src/errors.ts";
import { test } from "../../../harness.ts";

test("an unsigned token has the requested claims", () => {
  const token = unsecuredToken("principal=admin scope=a,b lifeSeconds=60", 1_700_000_000_500);
  const [head, claims, signature] = token.split(".");
  assertEquals(JSON.parse(Buffer.from(head, "base64url").toString()), { alg: "none" });
  assertEquals(JSON.parse(Buffer.from(claims, "base64url").toString()), {
    sub: "admin",
    iat: 1_700_000_000,
    exp: 1_700_000_060,
    scope: ["a", "b"],
  });
  assertEquals(signature, "");
  assertThrows(() => unsecuredToken("scope=a", 0), InvalidOptionError, "principal=NAME");
});

test("a provider is asked with the client's credentials, once per lifetime of its token", async () => {
  const requests: string[] = [];
  const server = createServer((request, response) => {
    let body = "";
    request.on("data", (chunk) => body += chunk);
    request.on("end", () => {
      requests.push(`${request.method} ${request.headers.authorization} ${body}`);
      response.setHeader("connection", "close");
      response.end(JSON.stringify({ access_token: `token ${requests.length}`, expires_in: 100 }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as AddressInfo;
    const { token } = readSettings({
      "bootstrap.servers": "localhost",
      "security.protocol": "sasl_ssl",
      "sasl.mechanisms": "OAUTHBEARER",
      "sasl.oauthbearer.method": "oidc",
      "sasl.oauthbearer.client.id": "id",
      "sasl.oauthbearer.client.secret": "secret",
      "sasl.oauthbearer.scope": "kafka",
      "sasl.oauthbearer.token.endpoint.url": `http://127.0.0.1:${port}/token`,
    }).client.sasl!;
    assertEquals(await token!(), "token 1");
    assertEquals(await token!(), "token 1");
    assertEquals(requests, ["POST Basic aWQ6c2VjcmV0 grant_type=client_credentials&scope=kafka"]);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("a provider that refuses is named", async () => {
  const server = createServer((_, response) => {
    response.statusCode = 401;
    response.setHeader("connection", "close");
    response.end("who are you");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/token`;
    const { token } = readSettings({
      "bootstrap.servers": "localhost",
      "security.protocol": "sasl_plaintext",
      "sasl.mechanisms": "OAUTHBEARER",
      "sasl.oauthbearer.method": "oidc",
      "sasl.oauthbearer.client.id": "id",
      "sasl.oauthbearer.client.secret": "secret",
      "sasl.oauthbearer.token.endpoint.url": url,
    }).client.sasl!;
    const error = await assertRejects(async () => await token!(), BrokerError);
    assertEquals(error.message, `Cannot get a token from "${url}": it answered 401 who are you`);
    assertEquals(error.canRetry, false);
    // As the client passes it on.
    const login = new client.AuthenticationError("SASL authentication failed.", { cause: error });
    const failed = new client.NetworkError("Connection to a:1 failed.", { cause: login });
    const shown = failureOf(failed, "connect", { servers: "a:1", identity: "by OAUTHBEARER" }, 0);
    assertEquals(
      shown.message,
      `Cannot connect: there is no token for the login at Kafka "a:1": ${error.message}`,
    );
    assertEquals([isTransient(failed), isClosedSilently(failed)], [false, false]);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("a login for which there is no token now is tried again, and the broker is not blamed", () => {
  const cause = new BrokerError("http://b", 'Cannot get a token from "http://b": it answered 503', {
    canRetry: true,
  });
  const failed = new client.MultipleErrors("Cannot connect to any broker.", [
    new client.NetworkError("Connection to a:1 failed.", {
      cause: new client.AuthenticationError("SASL authentication failed.", { cause }),
    }),
  ]);
  assertEquals([isTransient(failed), isClosedSilently(failed)], [true, false]);
  const shown = failureOf(failed, "connect", { servers: "a:1", identity: "by OAUTHBEARER" }, 0);
  assertEquals([shown.canRetry, shown.message.includes("refuses the login")], [true, false]);
});
