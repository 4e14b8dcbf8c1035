// `--logging debug` printed the driver's options including the password. So did every error about a password
// that was not a string: a number, true, a list because of its commas, an object because of its brackets,
// invalid JSON. A secret is never shown, whatever its type, and custom drivers declare which of their options
// are secrets.
import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import process from "node:process";
import { inspect } from "node:util";
import { Driver, type JsonObject, type JsonValue, readOptions, registerDriver, rule } from "../../mod.ts";
import { parseDocument } from "../../src/ctl/args/document.ts";
import type { CommandSpec } from "../../src/ctl/command.ts";
import { parseCommandLine } from "../../src/ctl/args/parse.ts";
import { parseValue } from "../../src/ctl/args/value.ts";
import { parseForwardConfig } from "../../src/ctl/forward/config.ts";
import { secretOptionsOf } from "../../src/drivers/registry.ts";
import { OctopusService } from "../../src/drivers/kafka/settings/octopus_service.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { isSecret, maskedText, withoutSecrets } from "../../src/secrets.ts";
import { ctl } from "../cli/program.ts";
import { test } from "../harness.ts";

const SERVERS = "127.0.0.1:1";
const COMMAND = {
  path: ["list"],
  summary: "",
  options: [{ name: "flag", kind: "flag", describe: "" }],
  examples: [],
  load: () => Promise.reject(new Error("not run")),
} as CommandSpec;

/** Everything that could be printed of an error. */
function allOf(error: unknown): string {
  return inspect(error, { depth: 9, showHidden: true });
}

async function faultOf(options: JsonObject): Promise<unknown> {
  return await assertRejects(() => Driver.open("kafka", options as never));
}

const VALUES: Record<string, JsonValue> = {
  number: 4711815,
  list: ["hunter2", "4711815"],
  object: { hunter2: { hunter2: "4711815" } },
  "list of objects": [{ hunter2: 1 }],
};

const SECRETS = [
  "sasl.password",
  "ssl.key.password",
  "ssl.key.pem",
  "ssl.keystore.password",
  "sasl.oauthbearer.client.secret",
  "sasl.oauthbearer.config",
  "sasl.oauthbearer.client.credentials.client.secret",
];

for (const [kind, value] of Object.entries(VALUES)) {
  test(`an error about a secret that is a ${kind} does not show it`, async () => {
    for (const name of SECRETS) {
      const nested = name.split(".").reverse().reduce<JsonValue>((inner, key) => ({ [key]: inner }), value);
      for (const kafka of [{ [name]: value }, nested as JsonObject]) {
        const shown = allOf(await faultOf({ kafka: { "bootstrap.servers": SERVERS, ...kafka } }));
        assertFalse(/hunter2|4711815/.test(shown), shown);
        assertStringIncludes(shown, `kafka option "${name}": expected text`);
      }
    }
    const octopus = { url: "http://a", subject: "me", authorization: value };
    const shown = allOf(await faultOf({ kafka: {}, namespace: "n", octopus }));
    assertFalse(/hunter2|4711815/.test(shown), shown);
    assertStringIncludes(shown, '"authorization": expected text');
  });
}

test("misplaced or malformed options show no secret either", async () => {
  const wrong: unknown[] = [
    { kafka: "sasl.password=hunter2" },
    { kafka: ["sasl.password=hunter2"] },
    { kafka: [{ "sasl.password": "hunter2" }] },
    { kafka: { "bootstrap.servers": "SASL_SSL://app:hunter2@host:9092" } },
    { kafka: { "bootstrap.servers": "app:hunter2@host:9092" } },
    { kafka: { "bootstrap.servers": SERVERS, acks: { "sasl.password": "hunter2" } } },
    { kafka: {}, namespace: "n", octopus: { url: "http://me:hunter2@a", subject: "a", authorization: "b" } },
    { kafka: {}, namespace: "n", octopus: { url: "http://a", subject: "a", authorization: "hunter2\n" } },
    { kafka: {}, namespace: { password: "hunter2" } },
    { kafka: {}, "sasl.password": "hunter2" },
    {
      kafka: {
        "bootstrap.servers": SERVERS,
        "security.protocol": "ssl",
        "ssl.key.location": "-----BEGIN PRIVATE KEY-----\nhunter2",
      },
    },
    "sasl.password=hunter2",
  ];
  for (const options of wrong) {
    const shown = allOf(await faultOf(options as JsonObject));
    assertFalse(shown.includes("hunter2"), shown);
  }
});

test("a password on the command line is text, whatever it looks like, and errors about values do not show them", () => {
  for (const text of ["4711", "007", "true", "null", "a,b", "{hunter2}", "[hunter2]", "1e5"]) {
    assertEquals(parseValue("--driver.kafka.sasl.password", text), text);
  }
  assertEquals(parseValue("--driver.kafka.sasl.password", '"4711"'), "4711");
  const faults = [
    () => parseCommandLine(["driver.kafka.sasl.password=hunter2"], COMMAND),
    () => parseCommandLine(["--flag=sasl.password=hunter2"], COMMAND),
    () => parseValue("--driver.kafka", '{"sasl.password": hunter2}'),
    () => parseDocument('{"kafka": {"sasl.password": hunter2}}', '"d.json"', "--driver-config"),
    () =>
      parseForwardConfig("drivers:\n  a: { type: kafka, options: { password: *hunter2 } }\n", "forward.yaml"),
    () =>
      parseForwardConfig(
        'drivers:\n  a: { type: kafka, options: { password: "\\hunter2 } }\n',
        "forward.yaml",
      ),
  ];
  for (const fault of faults) {
    let shown = "";
    try {
      fault();
    } catch (error) {
      shown = allOf(error).split("\n    at ")[0];
    }
    assert(shown !== "");
    assertFalse(shown.includes("hunter2"), shown);
  }
});

test("secrets are recognized by option names; an option that names a place of a secret is not secret", () => {
  const secret =
    "password apiKey api_key client-secret accessToken kafka.sasl.password ssl.key.pem passphrase";
  for (const name of secret.split(" ")) assert(isSecret(name), name);
  const open =
    "password_env password_file token_bucket key keys sasl.username ssl.key.location token.endpoint.url";
  for (const name of open.split(" ")) assertFalse(isSecret(name), name);
  assertEquals(
    withoutSecrets({ a: [{ password: 1, b: 2 }], login: { pin: 3, name: "n" }, dsn: "pg://u:p@h/d" }, [
      "login.pin",
    ]),
    { a: [{ password: "***", b: 2 }], login: { pin: "***", name: "n" }, dsn: "pg://***@h/d" },
  );
  assertEquals(maskedText('{"sasl.password": "x y", "b": 1}'), '{"sasl.password": ***');
});

test("a mistyped name of a secret is one too: the options are logged before the name is refused", () => {
  const mistyped =
    "passwrd passwordd sasl.pasword client_sceret secert ssl.key.passwrod authorisation credentails";
  for (const name of mistyped.split(" ")) assert(isSecret(name), name);
  for (const name of "passing secure tokens_max author word".split(" ")) assertFalse(isSecret(name), name);
});

test("a response that repeats a secret is shown without it", async () => {
  const server = createServer((request, response) => {
    response.writeHead(403).end(`no entry for ${request.headers.authorization}`);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const service = new OctopusService({ url, subject: "me", authorization: "Bearer hunter2" }, "n");
    const shown = allOf(await assertRejects(() => service.topics()));
    assertStringIncludes(shown, "no entry for ***");
    assertFalse(shown.includes("hunter2"), shown);
    assertFalse(inspect(service, { depth: 9, showHidden: true }).includes("hunter2"));
  } finally {
    server.close();
  }
});

test("--logging debug shows options without the secrets, also those that a driver of the user's own marks", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-secrets-"));
  try {
    const module = join(folder, "dish.mjs");
    writeFileSync(
      module,
      `export function dish() { throw new Error("no satellite in sight"); }
       dish.secretOptions = ["pin"];`,
    );
    const words = ["topic", "list", "--logging", "debug", "--driver", `dish:${module}`];
    const given = ["--driver.pin", "4711815", "--driver.password", "hunter2,{}", "--driver.dish", "2"];
    const { stderr } = await ctl([...words, ...given]);
    assertStringIncludes(stderr, 'with {"pin":"***","password":"***","dish":2}');
    assertStringIncludes(stderr, "no satellite in sight");
    const kafka = JSON.stringify({ kafka: { "bootstrap.servers": SERVERS, "sasl.password": "hunter2" } });
    const environment = { ...process.env, DIASPORA_DRIVER: "kafka", DIASPORA_DRIVER_CONFIG: kafka };
    const run = await ctl(["topic", "list", "--logging", "trace"], { environment });
    assertStringIncludes(run.stderr, '"sasl.password":"***"');
    assertFalse(/hunter2|4711815/.test(stderr + run.stderr), stderr + run.stderr);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

/** What is thrown where a login asks this endpoint for its token. */
function tokenFault(url: string): Promise<unknown> {
  const { client: { sasl } } = readSettings({
    "bootstrap.servers": SERVERS,
    "security.protocol": "sasl_plaintext",
    "sasl.mechanisms": "OAUTHBEARER",
    "sasl.oauthbearer.method": "oidc",
    "sasl.oauthbearer.client.id": "me",
    "sasl.oauthbearer.client.secret": "4711815",
    "sasl.oauthbearer.token.endpoint.url": url,
  });
  return assertRejects(async () => await sasl!.token!());
}

test("an address is shown without its query, which may be a key", async () => {
  const endpoint = "http://127.0.0.1:1/token";
  const refused = { kafka: {}, namespace: "n", octopus: { url: "http://a/?code=hunter2", subject: "me" } };
  for (
    const [error, expected] of [
      [await tokenFault(`${endpoint}?code=hunter2`), `Cannot get a token from "${endpoint}?***"`],
      [await faultOf(refused), 'Cannot use "http://a/?***"'],
    ] as const
  ) {
    const shown = allOf(error);
    assertStringIncludes(shown, expected);
    assertFalse(/hunter2|4711815/.test(shown), shown);
  }
});

// An answer is shown up to 200 characters, which cut the query: what was left of it was not recognised.
test("an answer that repeats the address is shown without its query, wherever it is cut", async () => {
  const key = "hunter2".repeat(40);
  const server = createServer((_, answer) =>
    void answer.writeHead(400, { connection: "close" }).end(`no such page: /token?code=${key}`)
  );
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  try {
    const { port } = server.address() as { port: number };
    const shown = allOf(await tokenFault(`http://127.0.0.1:${port}/token?code=${key}`));
    assertStringIncludes(shown, "it answered 400 no such page: /token***");
    assertFalse(/hunter2/.test(shown), shown);
  } finally {
    await new Promise((resolve) => server.close(resolve));
  }
});

test("a registered driver marks its secrets where it is registered", async () => {
  registerDriver("marked-by-its-registration", () => Promise.reject(new Error("none")), {
    secretOptions: ["pin"],
  });
  assertEquals(await secretOptionsOf("marked-by-its-registration"), ["pin"]);
  assertEquals(await secretOptionsOf("files"), []);
  const rules = { pin: rule.text({ secret: true }), level: { ...rule.wholeNumber(0), secret: true } };
  for (const options of [{ pin: 4711815 }, { level: "4711815" }]) {
    const error = assertThrows(() => readOptions("satellite", options, rules));
    assertFalse(allOf(error).split("\n    at ")[0].includes("4711815"));
  }
});
