import { Buffer } from "node:buffer";
import { connect as connectPlain, type Socket } from "node:net";
import { connect as connectTls, type ConnectionOptions } from "node:tls";

const WAIT_MS_MAX = 3000;
const API_VERSIONS = 18;
const METADATA = 3;
const CERTIFICATE_ALERT =
  /alert (bad|unsupported|revoked|expired)? ?cert|certificate|unknown ca|alert number (4[2-9]|116)/i;

/** How the driver connects to a broker. */
export interface ConnectionSecurity {
  tls: ConnectionOptions | undefined;
  hasLogin: boolean;
}

/** The outcome of a request: a response, a closed connection, or silence. */
type Outcome = { answer: Buffer } | { ended: string } | { isSilent: true };

/**
 * Finds out whether the configuration keeps a reachable broker from responding: sends a request allowed to
 * everyone, then one that requires authentication, and checks the reactions. Undefined if it cannot be determined,
 * e.g. if a proxy has no broker to forward to.
 */
export async function diagnose(address: string, security: ConnectionSecurity): Promise<string | undefined> {
  const { tls, hasLogin } = security;
  return tls === undefined ? await withoutTls(address, hasLogin) : await withTls(address, tls);
}

async function withoutTls(address: string, hasLogin: boolean): Promise<string | undefined> {
  const socket = connectPlain(addressOf(address));
  try {
    if (!("answer" in await outcomeOf(socket, "connect"))) return undefined;
    const first = await responseTo(socket, API_VERSIONS, 0);
    if (!("answer" in first)) return undefined;
    if (isTls(first.answer)) {
      return 'does not answer without TLS: expected "security.protocol" to be "ssl" or "sasl_ssl"';
    }
    if (hasLogin || !("ended" in await responseTo(socket, METADATA, 1))) return undefined;
    return 'does not answer without a login: expected "security.protocol" to be "sasl_plaintext", and ' +
      '"sasl.mechanisms"';
  } finally {
    socket.destroy();
  }
}

async function withTls(address: string, tls: ConnectionOptions): Promise<string | undefined> {
  // The broker's certificate was verified before; this connection sends it no secrets.
  const socket = connectTls({ ...addressOf(address), ...tls, rejectUnauthorized: false });
  try {
    const opened = await outcomeOf(socket, "secureConnect");
    if ("answer" in opened) {
      const first = await responseTo(socket, API_VERSIONS, 0);
      return "ended" in first ? aboutCertificate(first.ended, tls) : undefined;
    }
    if ("ended" in opened && CERTIFICATE_ALERT.test(opened.ended)) return aboutCertificate(opened.ended, tls);
  } finally {
    socket.destroy();
  }
  return await answersPlainly(address)
    ? 'knows no TLS: expected "security.protocol" to be "plaintext" or "sasl_plaintext"'
    : undefined;
}

async function answersPlainly(address: string): Promise<boolean> {
  const socket = connectPlain(addressOf(address));
  try {
    if (!("answer" in await outcomeOf(socket, "connect"))) return false;
    const first = await responseTo(socket, API_VERSIONS, 0);
    return "answer" in first && !isTls(first.answer);
  } finally {
    socket.destroy();
  }
}

function addressOf(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(":");
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ""), port: Number(address.slice(at + 1)) };
}

function aboutCertificate(reason: string, { cert, pfx }: ConnectionOptions): string {
  return cert === undefined && pfx === undefined
    ? `wants a certificate of the client: give "ssl.certificate.location" and "ssl.key.location"${
      shown(reason)
    }`
    : `does not accept the certificate of "ssl.certificate.location" or "ssl.keystore.location"${
      shown(reason)
    }`;
}

function shown(reason: string): string {
  return reason === "" ? "" : ` (${reason})`;
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
  request.writeInt32BE(1, 8);
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
