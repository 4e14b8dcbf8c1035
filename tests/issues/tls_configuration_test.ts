// With a wrong key password, a key that is not PEM or unknown ciphers, Driver.open() never settled: the client
// emitted the error where nothing listens. The command ended with exit code 13 and printed nothing. TLS options
// are now checked when they are read.
import { assertEquals, assertFalse, assertRejects, assertStringIncludes, assertThrows } from "@std/assert";
import { Buffer } from "node:buffer";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { Driver, InvalidOptionError, type JsonObject } from "../../mod.ts";
import { readSettings } from "../../src/drivers/kafka/settings/settings.ts";
import { ctl } from "../cli/program.ts";
import { CERTIFICATE, ENCRYPTED_KEY, KEY, KEYSTORE, OTHER_KEY } from "../drivers/kafka/tls_material.ts";
import { test } from "../harness.ts";

const SERVERS = { "bootstrap.servers": "127.0.0.1:1", "security.protocol": "ssl" };
const IDENTITY = { "ssl.certificate.pem": CERTIFICATE, "ssl.key.pem": ENCRYPTED_KEY };

const FAULTS: [what: string, option: string, reason: string, kafka: JsonObject][] = [
  ["a wrong password", "ssl.key.password", "does not decrypt", { ...IDENTITY, "ssl.key.password": "wr0ng" }],
  ["no password", "ssl.key.pem", 'it is encrypted: add "ssl.key.password"', IDENTITY],
  ["a key that is not PEM", "ssl.key.pem", "no private key in PEM", { ...IDENTITY, "ssl.key.pem": "wr0ng" }],
  ["a certificate as key", "ssl.key.pem", "no private key in PEM", {
    ...IDENTITY,
    "ssl.key.pem": CERTIFICATE,
  }],
  ["a key that was cut", "ssl.key.pem", "cannot be read", { ...IDENTITY, "ssl.key.pem": KEY.slice(0, 70) }],
  ["another one's key", "ssl.key.pem", "not the key of", { ...IDENTITY, "ssl.key.pem": OTHER_KEY }],
  ["a key without a certificate", "ssl.certificate.location", "alone", { "ssl.key.pem": KEY }],
  ["a certificate without a key", "ssl.key.location", "alone", { "ssl.certificate.pem": CERTIFICATE }],
  ["a certificate that is none", "ssl.certificate.pem", "no certificate", {
    ...IDENTITY,
    "ssl.certificate.pem": "a",
  }],
  ["an authority that is none", "ssl.ca.pem", "no certificate", { "ssl.ca.pem": "hello" }],
  ["an authority that is a key", "ssl.ca.pem", "no certificate", { "ssl.ca.pem": KEY }],
  ["a damaged authority", "ssl.ca.pem", "cannot be read", {
    "ssl.ca.pem": CERTIFICATE.replace(/MII.{9}/, "MIIA"),
  }],
  ["unknown ciphers", "ssl.cipher.suites", "expected names of OpenSSL", { "ssl.cipher.suites": "nope" }],
];

for (const [what, option, reason, kafka] of FAULTS) {
  test(`Driver.open() rejects a TLS configuration with ${what}, by its name`, async () => {
    const options = { kafka: { ...SERVERS, ...kafka } };
    const error = await assertRejects(() => Driver.open("kafka", options), InvalidOptionError);
    assertEquals(error.option, option);
    assertStringIncludes(error.message, reason);
    assertFalse(inspect(error, { depth: 9 }).includes("wr0ng"));
  });
}

// Deno connects with others, and says nothing: an operator who had restricted them did not learn of it.
test("which ciphers, curves and signatures are used is up to Deno, which is said; elsewhere unknown ones are refused", () => {
  const names: JsonObject = {
    "ssl.cipher.suites": "ECDHE-RSA-AES128-GCM-SHA256",
    "ssl.curves.list": "P-256",
    "ssl.sigalgs.list": "ECDSA+SHA256",
  };
  const isDeno = "Deno" in globalThis;
  assertEquals(readSettings({ ...SERVERS, ...names }).ineffective, isDeno ? Object.keys(names) : []);
  const unknowns: JsonObject[] = [{ "ssl.curves.list": "P-999" }, { "ssl.sigalgs.list": "A+B" }];
  for (const unknown of unknowns) {
    const read = () => readSettings({ ...SERVERS, ...unknown });
    if (isDeno) assertEquals(read().ineffective, Object.keys(unknown));
    else assertThrows(read, InvalidOptionError, "expected names of OpenSSL");
  }
});

test("a keystore that its password does not open is refused, one that it opens is taken", async () => {
  const folder = mkdtempSync(join(tmpdir(), "diaspora-tls-"));
  try {
    const path = join(folder, "store.p12");
    writeFileSync(path, Buffer.from(KEYSTORE, "base64"));
    const kafka = { ...SERVERS, "ssl.keystore.location": path };
    const open = (password: string) =>
      Driver.open("kafka", { kafka: { ...kafka, "ssl.keystore.password": password } });
    const error = await assertRejects(() => open("wr0ng"), InvalidOptionError);
    assertEquals(error.option, "ssl.keystore.location");
    readSettings({ ...kafka, "ssl.keystore.password": "hunter2" });
    writeFileSync(path, KEY);
    assertEquals(
      (await assertRejects(() => open("hunter2"), InvalidOptionError)).option,
      "ssl.keystore.location",
    );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("valid TLS configurations are accepted: an encrypted key, several authorities, text before a certificate", () => {
  const { client } = readSettings({
    ...SERVERS,
    ...IDENTITY,
    "ssl.key.password": "hunter2",
    "ssl.ca.pem": `subject=CN = b\n${CERTIFICATE}${CERTIFICATE}`,
  });
  assertEquals(client.tls?.passphrase, "hunter2");
});

test("the command reports an invalid TLS configuration, and exits with 2", async () => {
  const given = Object.entries({ ...SERVERS, "ssl.ca.pem": "hello" })
    .flatMap(([name, value]) => [`--driver.kafka.${name}`, value]);
  const { code, stderr } = await ctl(["topic", "list", "--driver", "kafka", ...given]);
  assertEquals(code, 2);
  assertStringIncludes(stderr, 'Cannot use kafka option "ssl.ca.pem": it has no certificate in PEM');
});
