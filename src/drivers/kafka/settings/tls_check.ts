import { Buffer } from "node:buffer";
import { createPrivateKey, type KeyObject, X509Certificate } from "node:crypto";
import { type ConnectionOptions, createSecureContext } from "node:tls";
import { InvalidOptionError } from "../../../errors.ts";
import type { Properties } from "./properties.ts";

const CERTIFICATE = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----[\s\S]*?-----END [A-Z0-9 ]*-----/g;
const ENCRYPTED = /ENCRYPTED/;

/**
 * Checks that keys and certificates are valid, individually and together; throws `InvalidOptionError`. The
 * runtimes detect problems only when connecting, each in a different way, and some in ways that cannot be caught.
 */
export function checkTls(given: Properties, options: ConnectionOptions): void {
  const { ca, cert, key, pfx, passphrase } = options;
  if (ca !== undefined) certificatesOf(nameOf(given, "ssl.ca"), ca as PemText);
  const certificateName = nameOf(given, "ssl.certificate");
  const keyName = nameOf(given, "ssl.key");
  const certificates = cert === undefined ? [] : certificatesOf(certificateName, cert as PemText);
  const privateKey = key === undefined ? undefined : keyOf(keyName, key as PemText, passphrase);
  if ((cert === undefined) !== (key === undefined)) {
    const [there, missing] = cert === undefined ? [keyName, "ssl.certificate"] : [certificateName, "ssl.key"];
    throw new InvalidOptionError(
      `${missing}.location`,
      `Cannot use kafka option "${there}" alone: add "${missing}.location" or "${missing}.pem"`,
    );
  }
  if (privateKey !== undefined && certificates[0]?.checkPrivateKey(privateKey) === false) {
    throw wrong(keyName, `it is not the key of the certificate in "${certificateName}"`);
  }
  // Individually, so that the error names the invalid one.
  if (pfx !== undefined) {
    parseWith(
      "ssl.keystore.location",
      { pfx, passphrase },
      'expected PKCS #12, which "ssl.keystore.password" opens',
    );
  }
  const { ciphers, ecdhCurve, sigalgs } = options;
  if (ciphers !== undefined) {
    parseWith("ssl.cipher.suites", { ciphers }, "expected names of OpenSSL with colons");
  }
  if (ecdhCurve !== undefined) {
    parseWith("ssl.curves.list", { ecdhCurve }, "expected names of OpenSSL with colons");
  }
  if (sigalgs !== undefined) {
    parseWith("ssl.sigalgs.list", { sigalgs }, "expected names of OpenSSL with colons");
  }
  parseWith("ssl.key.location", options, "its keys and certificates do not go together");
}

export type PemText = string | Uint8Array;

function nameOf(given: Properties, name: string): string {
  return given.text(`${name}.pem`) === undefined ? `${name}.location` : `${name}.pem`;
}

/** The certificates in a text that may have keys, too: Deno finds none after a key. */
export function certificateBlocks(pem: PemText): string[] | null {
  return Buffer.from(pem as string).toString("latin1").match(CERTIFICATE);
}

function certificatesOf(name: string, pem: PemText): X509Certificate[] {
  const blocks = certificateBlocks(pem);
  if (blocks === null) {
    throw wrong(name, 'it has no certificate in PEM, which begins with "-----BEGIN CERTIFICATE-----"');
  }
  try {
    return blocks.map((block) => new X509Certificate(block));
  } catch (cause) {
    throw wrong(name, "it has a certificate that cannot be read", cause);
  }
}

function keyOf(name: string, pem: PemText, passphrase: string | undefined): KeyObject {
  const text = Buffer.from(pem as string).toString("latin1");
  if (!text.includes("PRIVATE KEY-----")) {
    throw wrong(
      name,
      'it has no private key in PEM, which begins with "-----BEGIN PRIVATE KEY-----" or alike',
    );
  }
  const isEncrypted = ENCRYPTED.test(text);
  if (isEncrypted && passphrase === undefined) throw wrong(name, 'it is encrypted: add "ssl.key.password"');
  try {
    return createPrivateKey({ key: text, passphrase });
  } catch (cause) {
    if (isEncrypted) throw wrong("ssl.key.password", `it does not decrypt the key in "${name}"`, cause);
    throw wrong(name, "it has a private key that cannot be read", cause);
  }
}

/** Lets the runtime parse some of the options. */
function parseWith(name: string, options: ConnectionOptions, expected: string): void {
  try {
    createSecureContext(options);
  } catch (cause) {
    const why = cause instanceof Error ? ` (${cause.message})` : "";
    throw wrong(name, `${expected}${why}`, cause);
  }
}

function wrong(name: string, why: string, cause?: unknown): InvalidOptionError {
  return new InvalidOptionError(name, `Cannot use kafka option "${name}": ${why}`, { cause });
}
