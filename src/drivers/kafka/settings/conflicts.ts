import { InvalidOptionError } from "../../../errors.ts";
import type { Properties } from "./properties.ts";

/** Properties of which only one can be given. */
const EXCLUSIVE: readonly [string, string][] = [
  ["ssl.ca.pem", "ssl.ca.location"],
  ["ssl.certificate.pem", "ssl.certificate.location"],
  ["ssl.key.pem", "ssl.key.location"],
];
/** Passwords, and what they open. */
const PASSWORDS: Readonly<Record<string, readonly string[]>> = {
  "ssl.key.password": ["ssl.key.location", "ssl.key.pem", "ssl.keystore.location"],
  "ssl.keystore.password": ["ssl.keystore.location"],
};
/** Times and sizes of which the first one must not be above the second, if both are given. */
const ORDERED: readonly [lower: string, upper: string][] = [
  ["session.timeout.ms", "max.poll.interval.ms"],
  ["retry.backoff.ms", "retry.backoff.max.ms"],
  ["fetch.min.bytes", "fetch.max.bytes"],
];
/** Those of which the first one must be below the second, also if only one is given. */
const BELOW: readonly [lower: string, byDefault: number, upper: string, byDefault: number][] = [
  ["heartbeat.interval.ms", 1, "session.timeout.ms", 45_000],
  ["fetch.wait.max.ms", 500, "socket.timeout.ms", 60_000],
];
/** What identifies one of the two sides of a TLS connection. */
const TLS_IDENTITY = /^ssl\.(?:ca|certificate|key|keystore)\./;

/** Throws `InvalidOptionError` for properties that contradict each other, or have no meaning without others. */
export function refuseConflicts(given: Properties, isMsk: boolean): void {
  for (const [one, other] of EXCLUSIVE) {
    if (given.has(one) && given.has(other)) throw conflict(other, `"${one}" is given as well`);
  }
  for (const [password, opened] of Object.entries(PASSWORDS)) {
    if (!given.has(password) || opened.some((name) => given.has(name))) continue;
    throw conflict(password, `there is nothing that it opens: add "${opened[0]}", or leave it out`);
  }
  for (const [lower, upper] of ORDERED) {
    const [least, most] = [given.number(lower, -Infinity), given.number(upper, Infinity)];
    if (least > most) {
      throw conflict(lower, `it is ${least}, and "${upper}" is ${most}: expected at most that`);
    }
  }
  for (const [lower, lowerDefault, upper, upperDefault] of BELOW) {
    const [least, most] = [given.number(lower, lowerDefault), given.number(upper, upperDefault)];
    if (least >= most) {
      throw conflict(lower, `it is ${least}, and "${upper}" is ${most}: expected less than that`);
    }
  }
  if (isMsk) refuseOtherLogins(given);
  else refuseUnprotected(given);
  // Those of another mechanism may be left from another environment.
  const isToken = given.text("sasl.mechanisms") === "OAUTHBEARER";
  given.ineffective.push(
    ...given.names.filter((name) =>
      isToken ? ["sasl.username", "sasl.password"].includes(name) : name.includes("sasl.oauthbearer.")
    ),
  );
}

/** With a protocol that does not use them, secrets would be forgotten, and events sent unencrypted. */
function refuseUnprotected(given: Properties): void {
  const protocol = given.text("security.protocol") ?? "plaintext";
  const unused = given.names.find((name) =>
    (name.startsWith("sasl.") && !protocol.startsWith("sasl_")) ||
    (TLS_IDENTITY.test(name) && !protocol.endsWith("ssl"))
  );
  if (unused === undefined) return;
  const expected = unused.startsWith("sasl.") ? '"sasl_plaintext" or "sasl_ssl"' : '"ssl" or "sasl_ssl"';
  throw new InvalidOptionError(
    "security.protocol",
    `Cannot use kafka option "${unused}" with "security.protocol" ${
      JSON.stringify(protocol)
    }: expected ${expected}`,
  );
}

/** Amazon's tokens are the login, over TLS. */
function refuseOtherLogins(given: Properties): void {
  for (const name of given.names.filter((name) => name.startsWith("sasl.") || name === "security.protocol")) {
    const fitting = name === "security.protocol" ? "sasl_ssl" : "OAUTHBEARER";
    const isKnown = name === "security.protocol" || name === "sasl.mechanisms";
    if (isKnown && given.text(name) === fitting) continue;
    const remedy = isKnown ? `leave it out, or use "${fitting}"` : "leave it out";
    throw conflict(name, `the driver option "aws_msk_iam" logs in, by tokens and over TLS; ${remedy}`);
  }
}

function conflict(name: string, why: string): InvalidOptionError {
  return new InvalidOptionError(name, `Cannot use kafka option "${name}": ${why}`);
}
