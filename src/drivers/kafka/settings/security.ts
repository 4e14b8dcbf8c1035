import { readFileSync } from "node:fs";
import type { ConnectionOptions } from "node:tls";
import { InvalidOptionError } from "../../../errors.ts";
import { withoutUndefined } from "../../../options.ts";
import type { SaslOptions } from "../client.ts";
import { awsCredentials, mskToken } from "./msk_iam.ts";
import { readExtensions, readTokenProvider } from "./oauth.ts";
import type { Properties } from "./properties.ts";
import { checkTls } from "./tls_check.ts";
import { messageOf } from "../../../text/message.ts";

/** How we authenticate, and how we verify the brokers. */
export interface Identity {
  sasl: SaslOptions | undefined;
  tls: ConnectionOptions | undefined;
  /** The identity as errors show it: `as "app" by SCRAM-SHA-256`; empty without authentication. */
  description: string;
}

/** Reads the security properties; throws `InvalidOptionError`. */
export function readIdentity(given: Properties, region: string | undefined): Identity {
  if (region !== undefined) return mskIdentity(given, region);
  const protocol = given.text("security.protocol") ?? "plaintext";
  const tls = protocol === "ssl" || protocol === "sasl_ssl" ? readTls(given) : undefined;
  if (!protocol.startsWith("sasl_")) return { sasl: undefined, tls, description: "" };
  const mechanism = given.text("sasl.mechanisms");
  if (mechanism === undefined || mechanism === "GSSAPI") {
    throw new InvalidOptionError(
      "sasl.mechanisms",
      `Cannot log in by ${mechanism ?? "GSSAPI, the default of librdkafka"}: expected kafka option ` +
        '"sasl.mechanisms" to be "PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512" or "OAUTHBEARER"',
    );
  }
  if (mechanism === "OAUTHBEARER") {
    const login = { token: readTokenProvider(given), oauthBearerExtensions: readExtensions(given) };
    return {
      sasl: { mechanism, ...withoutUndefined(login) },
      tls,
      description: "by OAUTHBEARER",
    };
  }
  const username = given.text("sasl.username");
  const password = given.text("sasl.password");
  if (username === undefined || password === undefined) {
    const missing = username === undefined ? "sasl.username" : "sasl.password";
    throw new InvalidOptionError(
      missing,
      `Cannot log in by ${mechanism}: kafka option "${missing}" is missing`,
    );
  }
  return {
    sasl: { mechanism: mechanism as "PLAIN", username, password },
    tls,
    description: `as "${username}" by ${mechanism}`,
  };
}

function mskIdentity(given: Properties, region: string): Identity {
  // Checked now, so that missing credentials are reported before connecting.
  awsCredentials();
  return {
    sasl: { mechanism: "OAUTHBEARER", token: () => mskToken(region, awsCredentials(), new Date()) },
    tls: readTls(given),
    description: `by AWS MSK IAM in "${region}"`,
  };
}

/** Deno accepts these, and uses what its own TLS library prefers. */
const IGNORED_BY_DENO = ["ssl.cipher.suites", "ssl.curves.list", "ssl.sigalgs.list"];

function readTls(given: Properties): ConnectionOptions {
  if ("Deno" in globalThis) {
    given.ineffective.push(...IGNORED_BY_DENO.filter((name) => given.text(name) !== undefined));
  }
  const verifies = given.flag("enable.ssl.certificate.verification", true);
  const checksName = (given.text("ssl.endpoint.identification.algorithm") ?? "https") === "https";
  const options: ConnectionOptions = {
    ca: pem(given, "ssl.ca"),
    cert: pem(given, "ssl.certificate"),
    key: pem(given, "ssl.key"),
    pfx: file(given, "ssl.keystore.location"),
    passphrase: given.text("ssl.key.password") ?? given.text("ssl.keystore.password"),
    ciphers: given.text("ssl.cipher.suites"),
    ecdhCurve: given.text("ssl.curves.list"),
    sigalgs: given.text("ssl.sigalgs.list"),
    rejectUnauthorized: verifies,
  };
  if (!checksName) options.checkServerIdentity = () => undefined;
  const known = withoutUndefined(options);
  checkTls(given, known);
  return known;
}

function pem(given: Properties, name: string): string | NonSharedBuffer | undefined {
  return given.text(`${name}.pem`) ?? file(given, `${name}.location`);
}

function file(given: Properties, name: string): NonSharedBuffer | undefined {
  const path = given.text(name);
  if (path === undefined) return undefined;
  if (path.includes("-----BEGIN")) {
    const meant = name.replace(/location$/, "pem");
    throw new InvalidOptionError(
      name,
      `Cannot use text in PEM as kafka option "${name}": expected the path of a file; the text itself goes into ` +
        `"${meant}"`,
    );
  }
  try {
    return readFileSync(path);
  } catch (cause) {
    const why = messageOf(cause);
    throw new InvalidOptionError(name, `Cannot read kafka option "${name}": ${why}`, { cause });
  }
}
