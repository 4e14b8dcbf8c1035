// Logins and encrypted connections, with a real broker that accepts nothing else.
import { assertEquals, assertMatch, assertRejects, assertStringIncludes } from "@std/assert";
import { spawnSync } from "node:child_process";
import { createServer } from "node:http";
import { type AddressInfo, createServer as createPlainServer } from "node:net";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { BrokerError, Driver, type JsonObject } from "../../mod.ts";
import { test } from "../harness.ts";
import { brokerMissing, Cluster } from "../../tools/kafka/broker.ts";
import { without } from "./rights.ts";

const MODULES = "org.apache.kafka.common.security";
const PASSWORD = "keystore-secret";

/** A key and a self-signed certificate, made with a tool that comes with Java. */
function makeKeystore(folder: string): { keystore: string; certificate: string } {
  const keystore = join(folder, "keystore.p12");
  const certificate = join(folder, "ca.pem");
  const common = ["-alias", "broker", "-keystore", keystore, "-storepass", PASSWORD];
  for (
    const parameters of [
      [
        "-genkeypair",
        "-keyalg",
        "RSA",
        "-dname",
        "CN=localhost",
        "-ext",
        "san=ip:127.0.0.1",
        "-storetype",
        "PKCS12",
      ],
      ["-exportcert", "-rfc", "-file", certificate],
    ]
  ) {
    const { status, stderr, stdout } = spawnSync("keytool", [...parameters, ...common], { encoding: "utf8" });
    if (status !== 0) throw new Error(`no key could be made: ${stdout}${stderr}`);
  }
  return { keystore, certificate };
}

const folder = mkdtempSync(join(tmpdir(), "diaspora-kafka-keys-"));
const keys = brokerMissing === false ? makeKeystore(folder) : undefined;
const cluster = keys === undefined ? undefined : await Cluster.start({
  scram: ["SCRAM-SHA-256=[name=sam,password=sesame]", "SCRAM-SHA-512=[name=sam,password=sesame]"],
  properties: {
    "listeners": "SAFE://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}",
    "advertised.listeners": "SAFE://127.0.0.1:{port}",
    "inter.broker.listener.name": "SAFE",
    "listener.security.protocol.map": "SAFE:SASL_SSL,CONTROLLER:PLAINTEXT",
    "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
    "sasl.mechanism.inter.broker.protocol": "PLAIN",
    "listener.name.safe.plain.sasl.jaas.config":
      `${MODULES}.plain.PlainLoginModule required username="admin" password="a" user_admin="a" user_pat="open";`,
    "listener.name.safe.scram-sha-256.sasl.jaas.config": `${MODULES}.scram.ScramLoginModule required;`,
    "listener.name.safe.scram-sha-512.sasl.jaas.config": `${MODULES}.scram.ScramLoginModule required;`,
    "listener.name.safe.oauthbearer.sasl.jaas.config":
      `${MODULES}.oauthbearer.OAuthBearerLoginModule required unsecuredLoginStringClaim_sub="admin";`,
    "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
    "super.users": "User:admin;User:ANONYMOUS",
    "allow.everyone.if.no.acl.found": "true",
    "ssl.keystore.location": keys.keystore,
    "ssl.keystore.password": PASSWORD,
    "ssl.keystore.type": "PKCS12",
    "ssl.key.password": PASSWORD,
    "ssl.truststore.location": keys.certificate,
    "ssl.truststore.type": "PEM",
  },
});
// Read when they were started; the certificate is read by each driver.
const certificate = keys === undefined ? "" : readFileSync(keys.certificate, "utf8");
rmSync(folder, { recursive: true });
const skip = brokerMissing;
let topics = 0;

function open(kafka: JsonObject): Promise<Driver> {
  return Driver.open("octopus", {
    kafka: {
      "bootstrap.servers": cluster!.servers,
      "security.protocol": "sasl_ssl",
      "ssl.ca.pem": certificate,
      "socket.connection.setup.timeout.ms": 5000,
      ...kafka,
    },
  });
}

const logins: Record<string, JsonObject> = {
  "PLAIN": { "sasl.mechanisms": "PLAIN", "sasl.username": "pat", "sasl.password": "open" },
  "SCRAM-SHA-256": { "sasl.mechanisms": "SCRAM-SHA-256", "sasl.username": "sam", "sasl.password": "sesame" },
  "SCRAM-SHA-512": { "sasl.mechanisms": "SCRAM-SHA-512", "sasl.username": "sam", "sasl.password": "sesame" },
  "OAUTHBEARER": {
    "sasl.mechanisms": "OAUTHBEARER",
    "enable.sasl.oauthbearer.unsecure.jwt": true,
    "sasl.oauthbearer.config": "principal=olga",
  },
};

for (const [mechanism, login] of Object.entries(logins)) {
  test(`kafka: events are pushed and read over TLS with a login by ${mechanism}`, { skip }, async () => {
    await using driver = await open(login);
    const name = `t${++topics}`;
    await driver.createTopic(name);
    await using topic = await driver.openTopic(name);
    await using producer = topic.producer();
    await producer.push({ by: mechanism });
    await using consumer = topic.consumer(name);
    const event = await consumer.pull().wait(15_000);
    assertEquals(event?.metadata, { by: mechanism });
    await event!.acknowledge();
  });
}

for (
  const [mechanism, user] of [["PLAIN", "pat"], ["SCRAM-SHA-256", "sam"], [
    "SCRAM-SHA-512",
    "nick",
  ]] as const
) {
  test(`kafka: wrong credentials by ${mechanism} are reported at once, with the name`, { skip }, async () => {
    const beganMs = Date.now();
    const error = await assertRejects(
      () => open({ "sasl.mechanisms": mechanism, "sasl.username": user, "sasl.password": "wrong" }),
      BrokerError,
    );
    assertMatch(
      error.message,
      new RegExp(
        `^Cannot connect: Kafka at "${cluster!.servers}" refuses the login as "${user}" by ${mechanism}: `,
      ),
    );
    assertEquals([error.canRetry, error.message.includes("wrong")], [false, false]);
    assertEquals(Date.now() - beganMs < 4000, true, "it was tried again");
  });
}

test(
  "kafka: with TLS and a login, a broker is found after addresses of other programs",
  { skip },
  async () => {
    await using web = createServer((_, response) => void response.end("hello"));
    await using mail = createPlainServer((socket) =>
      void socket.resume().on("error", () => {}).write("220 mail.example ESMTP\r\n")
    );
    const others = await Promise.all([web, mail].map(async (server) => {
      await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
      return `127.0.0.1:${(server.address() as AddressInfo).port}`;
    }));
    const beganMs = Date.now();
    await using driver = await open({ ...logins.PLAIN, "bootstrap.servers": [...others, cluster!.servers] });
    assertEquals(await driver.topicExists("none"), false);
    const { message } = await assertRejects(
      () => open({ ...logins.PLAIN, "bootstrap.servers": others }),
      BrokerError,
    );
    assertStringIncludes(
      message,
      `Kafka at "${others}" is not a broker, but another program: check the port`,
    );
    assertEquals(Date.now() - beganMs < 4000, true, "the timeout was waited for");
  },
);

test("kafka: a broker with an untrusted certificate is refused", { skip }, async () => {
  const error = await assertRejects(
    () => open({ ...logins.PLAIN, "ssl.ca.pem": OTHER_AUTHORITY }),
    BrokerError,
  );
  assertMatch(
    error.message,
    /certificate that is not accepted: .*; renew it, or give .* as "ssl.ca.location"$/,
  );
  assertEquals(error.canRetry, false);
  await using lenient = await open({
    ...logins.PLAIN,
    "ssl.ca.pem": OTHER_AUTHORITY,
    "enable.ssl.certificate.verification": false,
  });
  assertEquals(await lenient.topicExists("nowhere"), false);
});

test("kafka: connecting without TLS to a broker that requires it fails at once", { skip }, async () => {
  const error = await assertRejects(
    () =>
      Driver.open("octopus", {
        kafka: { "bootstrap.servers": cluster!.servers, "socket.connection.setup.timeout.ms": 2000 },
      }),
    BrokerError,
  );
  assertMatch(error.message, new RegExp(`Kafka at "${cluster!.servers}" does not answer without TLS`));
  assertEquals(error.canRetry, false);
});

/** Does something again until the broker, which learns of a changed right a moment later, refuses it. */
async function refusalOf(doing: () => Promise<unknown>): Promise<BrokerError> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      await doing();
    } catch (error) {
      return error as BrokerError;
    }
    if (Date.now() > deadline) throw new Error("it is allowed");
  }
}

/** Does something again until it is allowed. */
async function allowed<T>(doing: () => Promise<T>): Promise<T> {
  const deadline = Date.now() + 30_000;
  for (;;) {
    try {
      return await doing();
    } catch (error) {
      if (!(error instanceof BrokerError) || Date.now() > deadline) throw error;
    }
  }
}

test(
  "kafka: a right that is taken away is named, and everything goes on when it is back",
  { skip },
  async () => {
    const administrator = {
      bootstrapBrokers: cluster!.servers.split(","),
      sasl: { mechanism: "PLAIN", username: "admin", password: "a" },
      tls: { ca: certificate },
    } as const;
    await using driver = await open({ ...logins.PLAIN, "heartbeat.interval.ms": 200 });
    await driver.createTopic("rights");
    await using topic = await driver.openTopic("rights");
    await using producer = topic.producer();
    await using consumer = topic.consumer("group of rights");
    const pushed: number[] = [];
    const read: number[] = [];
    const push = async () => void pushed.push(await producer.push(0));
    const pull = async () => {
      const event = await consumer.pull().wait(15_000);
      if (event !== undefined) read.push(event.id);
    };
    const both = () => push().then(pull);
    await both();
    for (
      const [right, doing, says] of [
        [["read", "topic", "rights"], both, 'grant "Read" on the topic'],
        [["write", "topic", "rights"], push, 'grant "Write" on the topic'],
        [["read", "group", "group of rights"], both, 'grant "Read" on the group'],
      ] as const
    ) {
      await without(administrator, "pat", [...right], async () => {
        const { message, canRetry } = await refusalOf(doing);
        assertStringIncludes(message, `does not allow it as "pat" by PLAIN: `);
        assertStringIncludes(message, says);
        assertEquals(canRetry, false);
      });
      await allowed(push);
      while (read.length < pushed.length) await allowed(pull);
      assertEquals([pushed, read], [pushed.map((_, id) => id), pushed]);
    }
    for (const name of ["hidden", "shown"]) await topic.seekConsumer(name, { id: 1 });
    await without(administrator, "pat", ["describe", "group", "hidden"], async () => {
      const { message } = await refusalOf(() => topic.trim({ acknowledged: true, dryRun: true }));
      assertStringIncludes(message, 'positions of "hidden"');
      assertStringIncludes(message, 'grant "Describe" on the group');
      assertEquals(await topic.consumers(), ["shown"]);
    });
    await without(administrator, "pat", ["read", "topic", "__info_rights"], async () => {
      assertStringIncludes((await refusalOf(() => driver.openTopic("rights"))).message, "__info_rights");
      assertStringIncludes(
        (await driver.listTopics()).get("rights")?.fault ?? "",
        'grant "Read" on the topic',
      );
    });
  },
);

/** An unrelated certificate: it signed itself, and its key has been discarded. */
const OTHER_AUTHORITY = `-----BEGIN CERTIFICATE-----
MIIBOjCB4qADAgECAgkAiRqKbveluPUwCgYIKoZIzj0EAwIwETEPMA0GA1UEAxMG
bm9ib2R5MCAXDTI2MTEyNDEwMjMwNVoYDzIxMjYxMDMxMTAyMzA1WjARMQ8wDQYD
VQQDEwZub2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAARHEZjz/2UVxyZP
G41Gt1X8lUBtH50KZk12weuIX3S914LQrEK1rS2lv3YE9feTAYeodhn1G34TynZf
D8p0/eucoyEwHzAdBgNVHQ4EFgQU5wX5zU4lvX984Ux6+STB4kdhmsgwCgYIKoZI
zj0EAwIDRwAwRAIgFSqKfjUYJ7ujE11v5YxxoZxVbFt/w0HvOh5SwBb2aQACICVL
dFsRYFVuJUMN7iBzIEsj4DnEJOxDcYIXx1F7CZkJ
-----END CERTIFICATE-----
`;
