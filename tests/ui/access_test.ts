import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type AccessRules, authorize, isLoopback, type Verdict } from "../../src/ui/access.ts";
import { test } from "../harness.ts";

const OWN = { host: "localhost:8017" };

function ask(
  rules: AccessRules,
  path: string,
  { method = "GET", headers = {} }: { method?: string; headers?: Record<string, string> } = {},
): Verdict {
  return authorize(rules, { method, url: new URL(path, "http://localhost"), headers, port: 8017 });
}

function statusOf(verdict: Verdict): number | string {
  return verdict.kind === "refuse" ? verdict.status : verdict.kind;
}

test("only addresses of this machine are loopback", () => {
  for (const host of ["localhost", "127.0.0.1", "127.1.2.3", "::1"]) assert(isLoopback(host), host);
  for (const host of ["0.0.0.0", "::", "10.0.0.1", "example.org", "localhost.example.org", "1127.0.0.1"]) {
    assert(!isLoopback(host), host);
  }
});

test("on this machine every name of this machine is accepted, and no other", () => {
  const rules = { loopback: true };
  const own = ["localhost:8017", "127.0.0.1:8017", "127.0.0.2:8017", "[::1]:8017", "[::1]", "LOCALHOST"];
  for (const host of own) {
    assertEquals(statusOf(ask(rules, "/api/topics", { headers: { host } })), "pass", host);
  }
  // What another site does whose name was made to resolve to this machine.
  for (const host of ["evil.example:8017", "localhost.evil.example", "", "127.0.0.1.nip.io"]) {
    assertEquals(statusOf(ask(rules, "/", { headers: { host } })), 403, host);
  }
});

test("requests from other sites are refused, and only the page itself may start anything", () => {
  const rules = { loopback: true };
  for (const site of ["cross-site", "same-site"]) {
    const headers = { ...OWN, "sec-fetch-site": site };
    assertEquals(statusOf(ask(rules, "/api/topics", { headers })), 403, site);
  }
  for (const site of ["same-origin", "none"]) {
    const headers = { ...OWN, "sec-fetch-site": site };
    assertEquals(statusOf(ask(rules, "/api/topics", { headers })), "pass", site);
  }
  for (const method of ["POST", "DELETE"]) {
    const path = "/api/topics/t/verify";
    assertEquals(statusOf(ask(rules, path, { method, headers: OWN })), 403);
    assertEquals(statusOf(ask(rules, path, { method, headers: { ...OWN, "x-diaspora-ui": "1" } })), "pass");
  }
});

test("a token is exchanged once for a cookie", () => {
  const rules = { loopback: false, token: "s3cret+/=" };
  const host = { host: "store.example:8017" };
  for (const path of ["/", "/api/topics", "/?token=wrong", "/?token=", "/page.js"]) {
    assertEquals(statusOf(ask(rules, path, { headers: host })), 401, path);
  }
  const welcome = ask(rules, `/?token=${encodeURIComponent(rules.token)}`, { headers: host });
  if (welcome.kind !== "welcome") throw new Error(`expected to be welcome, found ${welcome.kind}`);
  assertStringIncludes(welcome.cookie, "HttpOnly; SameSite=Strict");
  const cookie = welcome.cookie.split(";")[0];
  assertEquals(statusOf(ask(rules, "/api/topics", { headers: { ...host, cookie } })), "pass");
  assertEquals(
    statusOf(ask(rules, "/api/topics", { headers: { ...host, cookie: `a=b; ${cookie}; c=d` } })),
    "pass",
  );
  for (
    const other of [
      "diaspora-ui-8017=wrong",
      "diaspora-ui-8017=",
      "diaspora-ui-8017=%",
      "",
      cookie.replace("8017", "8018"),
    ]
  ) {
    assertEquals(statusOf(ask(rules, "/api/topics", { headers: { ...host, cookie: other } })), 401, other);
  }
});

test("a token can be required on this machine, too", () => {
  const rules = { loopback: true, token: "t" };
  assertEquals(statusOf(ask(rules, "/api/topics", { headers: OWN })), 401);
  assertEquals(statusOf(ask(rules, "/?token=t", { headers: OWN })), "welcome");
  assertEquals(statusOf(ask(rules, "/?token=t", { headers: { host: "evil.example" } })), 403);
});
