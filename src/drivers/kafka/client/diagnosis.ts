import { Buffer } from "node:buffer";
import { X509Certificate } from "node:crypto";
import { connect as connectPlain, type Socket } from "node:net";
import { certificateBlocks, type PemText } from "../settings/tls_check.ts";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

const WAIT_MS_MAX = 3000;
const API_VERSIONS = 18;
const METADATA = 3;
/** The number of a request, which its response has, too. */
const CORRELATION = 1;
const NOT_A_BROKER = "is not a broker, but another program: check the port";
const CERTIFICATE_ALERT =
  /alert (bad|unsupported|revoked|expired)? ?cert|certificate|unknown ca|alert number (4[2-9]|116)/i;

/** How the driver connects to a broker. */
interface ConnectionSecurity {
  tls: ConnectionOptions | undefined;
  hasLogin: boolean;
  /** Ends the search: a connection would keep the process from ending. */
  signal: AbortSignal;
}

/** The outcome of a request: a response, a closed connection, or silence. */
type Outcome = { answer: Buffer } | { ended: string } | { isSilent: true };

/**
 * Finds out whether the configuration keeps a reachable broker from responding: sends a request allowed to
 * everyone, then one that requires authentication, and checks the reactions. Undefined if it cannot be determined,
 * e.g. if a proxy has no broker to forward to.
 */
export async function diagnose(address: string, security: ConnectionSecurity): Promise<string | undefined> {
  const { tls } = security;
  return tls === undefined
    ? await withoutTls(address, security)
    : await withTls(address, { ...security, tls });
}

/** Why a broker's certificate is not valid now: not every runtime tells such a one from one that is not trusted. */
export async function diagnoseDates(
  address: string,
  { tls, signal }: { tls: ConnectionOptions | undefined; signal: AbortSignal },
): Promise<string | undefined> {
  const socket = endedBy(signal, connectTls({ ...addressOf(address), ...tls, rejectUnauthorized: false }));
  try {
    if (!("answer" in await outcomeOf(socket, "secureConnect"))) return undefined;
    const { valid_from: from, valid_to: to } = socket.getPeerCertificate();
    const why = whyNotNow(from, to);
    return why && `has a certificate that ${why}`;
  } finally {
    socket.destroy();
  }
}

async function withoutTls(
  address: string,
  { hasLogin, signal }: Pick<ConnectionSecurity, "hasLogin" | "signal">,
): Promise<string | undefined> {
  const socket = endedBy(signal, connectPlain(addressOf(address)));
  try {
    if (!("answer" in await outcomeOf(socket, "connect"))) return undefined;
    const first = await responseTo(socket, API_VERSIONS, 0);
    if (!("answer" in first)) return undefined;
    if (isTls(first.answer)) {
      return 'does not answer without TLS: expected "security.protocol" to be "ssl" or "sasl_ssl"';
    }
    return await about(first.answer, socket, hasLogin ? undefined : "sasl_plaintext");
  } finally {
    socket.destroy();
  }
}

async function withTls(
  address: string,
  { tls, hasLogin, signal }: ConnectionSecurity & { tls: ConnectionOptions },
): Promise<string | undefined> {
  // The broker's certificate was verified before; this connection sends it no secrets.
  const socket = endedBy(signal, connectTls({ ...addressOf(address), ...tls, rejectUnauthorized: false }));
  try {
    const opened = await outcomeOf(socket, "secureConnect");
    if ("answer" in opened) {
      const first = await responseTo(socket, API_VERSIONS, 0);
      if ("ended" in first) return aboutCertificate(first.ended, tls);
      return "answer" in first
        ? await about(first.answer, socket, hasLogin ? undefined : "sasl_ssl")
        : undefined;
    }
    if ("ended" in opened && CERTIFICATE_ALERT.test(opened.ended)) return aboutCertificate(opened.ended, tls);
  } finally {
    socket.destroy();
  }
  const answer = await plainAnswer(address, signal);
  if (answer === undefined || isTls(answer)) return undefined;
  return requestsIn(answer) === undefined
    ? NOT_A_BROKER
    : 'knows no TLS: expected "security.protocol" to be "plaintext" or "sasl_plaintext"';
}

/** What is wrong with a broker, or what is taken for one, that gave this answer to the first request. */
async function about(answer: Buffer, socket: Socket, login: string | undefined): Promise<string | undefined> {
  const known = requestsIn(answer);
  if (known === undefined) return NOT_A_BROKER;
  if (!known.includes(METADATA)) return "is a controller: give the addresses of brokers";
  if (login === undefined || !("ended" in await responseTo(socket, METADATA, 1))) return undefined;
  return `does not answer without a login: expected "security.protocol" to be "${login}", and "sasl.mechanisms"`;
}

/** The kinds of requests in an answer to ApiVersions; undefined if it is none. */
function requestsIn(answer: Buffer): number[] | undefined {
  // Size, correlation id, error and number of kinds; each of them has its first and last version.
  if (answer.byteLength < 14 || answer.readInt32BE(4) !== CORRELATION) return undefined;
  const kinds = Math.min(answer.readInt32BE(10), Math.floor((answer.byteLength - 14) / 6));
  return Array.from({ length: kinds }, (_, index) => answer.readInt16BE(14 + index * 6));
}

async function plainAnswer(address: string, signal: AbortSignal): Promise<Buffer | undefined> {
  const socket = endedBy(signal, connectPlain(addressOf(address)));
  try {
    if (!("answer" in await outcomeOf(socket, "connect"))) return undefined;
    const first = await responseTo(socket, API_VERSIONS, 0);
    return "answer" in first ? first.answer : undefined;
  } finally {
    socket.destroy();
  }
}

/** A connection that ends when the search does. */
function endedBy<S extends Socket>(signal: AbortSignal, socket: S): S {
  const end = (): void => void socket.destroy();
  if (signal.aborted) end();
  else signal.addEventListener("abort", end, { once: true });
  return socket;
}

function addressOf(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(address.slice(at + 1)) };
}

function aboutCertificate(reason: string, { cert, pfx }: ConnectionOptions): string {
  if (cert === undefined && pfx === undefined) {
    return `wants a certificate of the client: give "ssl.certificate.location" and "ssl.key.location"${
      shown(reason)
    }`;
  }
  const [pem] = cert === undefined ? [] : certificateBlocks(cert as PemText) ?? [];
  const { validFrom = "", validTo = "" } = pem === undefined ? {} : new X509Certificate(pem);
  const why = whyNotNow(validFrom, validTo);
  return 'does not accept the certificate of "ssl.certificate.location" or "ssl.keystore.location"' +
    (why === undefined ? shown(reason) : `, which ${why}`);
}

/** Why a certificate with these dates is not valid now. */
function whyNotNow(from: string, to: string): string | undefined {
  if (Date.parse(to) < Date.now()) return `expired on ${to}: renew it`;
  if (Date.parse(from) > Date.now()) return `is valid from ${from} on: check the clocks`;
  return undefined;
}

/** What the broker gives as the reason; runtimes put other things around it. */
function shown(reason: string): string {
  const [, alert] = /alert[\s:_]+(\w[\w ]*)/i.exec(reason) ?? [];
  return alert === undefined ? "" : ` (${alert})`;
}

function isTls(answer: Buffer): boolean {
  const [kind, version] = answer;
  return kind !== undefined && kind >= 0x14 && kind <= 0x17 && version === 0x03;
}

/** Sends a request without a body that every version of Kafka supports. */
async function responseTo(socket: Socket, api: number, version: number): Promise<Outcome> {
  // Size, API key, version, correlation id, no client id; Metadata also has an empty list of topics.
  const request = Buffer.alloc(api === METADATA ? 18 : 14);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(api, 4);
  request.writeInt16BE(version, 6);
  request.writeInt32BE(CORRELATION, 8);
  request.writeInt16BE(-1, 12);
  const outcome = outcomeOf(socket, "data");
  socket.write(request);
  return await outcome;
}

function outcomeOf(socket: Socket, event: "connect" | "secureConnect" | "data"): Promise<Outcome> {
  return new Promise((resolve) => {
    let reason = "";
    const end = (outcome: Outcome): void => {
      clearTimeout(timer);
      socket.off(event, onEvent);
      socket.off("close", onClose);
      resolve(outcome);
    };
    const onEvent = (answer?: Buffer): void => end({ answer: answer ?? Buffer.alloc(0) });
    const onClose = (): void => end({ ended: reason });
    const timer = setTimeout(() => end({ isSilent: true }), WAIT_MS_MAX);
    socket.on(event, onEvent);
    socket.on("close", onClose);
    // The listener stays, so that a late error is not unhandled.
    socket.on("error", (error: Error) => reason = error.message);
    if (socket.destroyed) onClose();
  });
}
