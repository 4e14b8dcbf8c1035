import { BrokerError, DiasporaError, LimitExceededError, NotSupportedError } from "../../../errors.ts";
import { missingRight, type Needs } from "./rights.ts";

/** The parts of a client error; they nest, and only the innermost ones say what happened. */
interface ClientFault {
  message?: string;
  code?: string;
  apiId?: string;
  serverErrorMessage?: string | null;
  canRetry?: boolean;
  hasStaleMetadata?: boolean;
  /** Where in the response the error is. */
  path?: string;
  /** The request that the broker responded to. */
  request?: string;
  /** What else the response says. */
  response?: { mechanisms?: string[] | null } | undefined;
  errors?: unknown;
  cause?: unknown;
}

const AUTHENTICATION = "PLT_KFK_AUTHENTICATION";
const UNKNOWN_REQUEST = "PLT_KFK_UNSUPPORTED_API";
const LOGIN_FAULTS = ["SASL_AUTHENTICATION_FAILED", "UNSUPPORTED_SASL_MECHANISM", "ILLEGAL_SASL_STATE"];
const UNREACHABLE = ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"];
/** The broker's certificate is at fault. */
const BROKER_CERTIFICATE =
  /self.signed|CERT_|altnames|certificate (has expired|purpose|key too weak)|not yet valid|unable to (get|verify)|UNABLE_TO|UnknownIssuer|invalid (peer|CA)|path length|KEY_USAGE/i;
const ANOTHER_NAME = /altnames/i;
const ANOTHER_PURPOSE = /purpose|KEY_USAGE/i;
const CERTIFICATE = /certificate|self.signed|CERT_|altnames|path length|KEY_USAGE/i;

/** The target of an operation, and our identity there. */
interface Destination {
  /** The addresses, as they were given. */
  servers: string;
  /** Our credentials: `as "app" by PLAIN`; empty without authentication. */
  identity: string;
  /** The rights that the whole operation needs; by default those of the request that was refused. */
  needs?: Needs | undefined;
}

/** The innermost errors of a client error; at least one. */
function faultsOf(error: unknown): ClientFault[] {
  if (typeof error !== "object" || error === null) return [{ message: String(error) }];
  const fault = error as ClientFault;
  if (Array.isArray(fault.errors) && fault.errors.length > 0) {
    const faults = withReasons(fault.errors.flatMap(faultsOf));
    const request = fault.code === "PLT_KFK_RESPONSE"
      ? /API (\w+)\(/.exec(fault.message ?? "")?.[1]
      : undefined;
    return request === undefined
      ? faults
      : faults.map((one) => ({ ...one, request, response: fault.response }));
  }
  if (typeof fault.cause !== "object" || fault.cause === null) return [fault];
  // The cause has more details, but only the outer error says that authentication failed.
  return fault.code === AUTHENTICATION ? [fault, ...faultsOf(fault.cause)] : faultsOf(fault.cause);
}

/** The client makes unknown errors of what the broker says about single records: it belongs to that of their batch. */
function withReasons(faults: ClientFault[]): ClientFault[] {
  const ofRecords = faults.filter(({ path }) => path?.includes("/record_errors/"));
  const others = faults.filter((fault) => !ofRecords.includes(fault));
  const reason = ofRecords[0]?.serverErrorMessage;
  return reason == null || others.length === 0
    ? faults
    : others.map((fault) => ({ ...fault, serverErrorMessage: reason }));
}

/** Whether the broker responded with one of these errors. */
export function isFault(error: unknown, ...apiIds: string[]): boolean {
  return faultsOf(error).some(({ apiId }) => apiId !== undefined && apiIds.includes(apiId));
}

/** Whether the broker dropped the fetch session, so that the next request starts a new one. */
export function isSessionLost(error: unknown): boolean {
  return isFault(
    error,
    "FETCH_SESSION_ID_NOT_FOUND",
    "INVALID_FETCH_SESSION_EPOCH",
    "FETCH_SESSION_TOPIC_ID_ERROR",
  );
}

/** Whether the requested topic does not exist. */
export function isUnknownTopic(error: unknown): boolean {
  return isFault(error, "UNKNOWN_TOPIC_OR_PARTITION", "UNKNOWN_TOPIC_ID", "INCONSISTENT_TOPIC_ID") ||
    faultsOf(error).some(({ message }) => message?.startsWith("Unknown topic ") === true);
}

/** An error of our own within one of the client's: what provides tokens for logins throws it. */
function ownError(error: unknown): DiasporaError | undefined {
  if (error instanceof DiasporaError) return error;
  if (typeof error !== "object" || error === null) return undefined;
  const { errors, cause } = error as ClientFault;
  for (const one of Array.isArray(errors) ? errors : [cause]) {
    const own = ownError(one);
    if (own !== undefined) return own;
  }
  return undefined;
}

/** Whether the brokers do not know such a request. */
export function isUnknownRequest(error: unknown): boolean {
  return faultsOf(error).some(({ code }) => code === UNKNOWN_REQUEST);
}

/** Whether the error is transient. */
export function isTransient(error: unknown): boolean {
  const own = ownError(error);
  if (own !== undefined) return own.canRetry;
  const faults = faultsOf(error);
  if (isLoginFault(faults) || isUnknownTopic(error)) return false;
  return faults.every(({ apiId, canRetry, code, message }) =>
    apiId === undefined
      // System errors (ECONNREFUSED …) do not say whether to retry; certificate errors are permanent.
      ? canRetry !== false && !CERTIFICATE.test(`${code} ${message}`) || code === "PLT_KFK_NETWORK"
      : canRetry === true
  );
}

const TOO_LARGE = ["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE"];

/** Whether a batch cannot be stored as a whole because of its size. */
export function isTooLarge(error: unknown): boolean {
  return error instanceof LimitExceededError ||
    (error instanceof BrokerError && TOO_LARGE.includes(error.reason ?? ""));
}

/** Whether the broker's certificate was not accepted. */
export function isBrokerCertificate(error: unknown): boolean {
  return ownError(error) === undefined &&
    faultsOf(error).some(({ code, message }) => BROKER_CERTIFICATE.test(`${code} ${message}`));
}

/** Whether a broker was reached and closed the connection without a response. */
export function isClosedSilently(error: unknown): boolean {
  if (ownError(error) !== undefined) return false;
  const faults = faultsOf(error);
  return !isLoginFault(faults) && !isBrokerCertificate(error) &&
    faults.every(({ apiId, code }) => apiId === undefined && !UNREACHABLE.includes(code ?? ""));
}

/** The answer to a member that has no assignment strategy in common with the others. */
const OTHER_STRATEGY = "INCONSISTENT_GROUP_PROTOCOL";
const OTHER_STRATEGY_REMEDY =
  '; open consumers of that name, in other programs, do not have "roundrobin" in their ' +
  '"partition.assignment.strategy": add it there, or use another name';

/** Whether the broker refused the login. */
export function isRefusedLogin(error: unknown): boolean {
  return ownError(error) === undefined && isLoginFault(faultsOf(error));
}

/** Whether no address has been found for a host. */
export function isUnknownHost(error: unknown): boolean {
  return faultsOf(error).every(({ code }) => code === "ENOTFOUND");
}

/** The error reported to the user. `triedMs` is the total time of all attempts. */
export function failureOf(
  error: unknown,
  what: string,
  { servers, identity, needs }: Destination,
  triedMs: number,
): DiasporaError {
  const own = ownError(error);
  if (own !== undefined) return own === error ? own : withoutToken(own, what, servers);
  const faults = faultsOf(error);
  const fault = faults.find(({ apiId }) => apiId !== undefined) ?? faults.at(-1)!;
  const detail = detailOf(fault);
  if (isLoginFault(faults)) {
    return new BrokerError(
      servers,
      `Cannot ${what}: Kafka at "${servers}" refuses the login ${
        identity || "without credentials"
      }: ${detail}${loginRemedy(fault)}`,
      { cause: error, reason: fault.apiId ?? "SASL_AUTHENTICATION_FAILED" },
    );
  }
  if (fault.apiId !== undefined) {
    const options = { cause: error, reason: fault.apiId, canRetry: fault.canRetry === true };
    const right = missingRight(fault.apiId, fault.request, needs);
    const says = right === undefined
      ? `answers ${detail}${fault.apiId === OTHER_STRATEGY ? OTHER_STRATEGY_REMEDY : ""}`
      : notAllowed(identity, detail, right);
    return new BrokerError(servers, `Cannot ${what}: Kafka at "${servers}" ${says}`, options);
  }
  if (BROKER_CERTIFICATE.test(`${fault.code} ${fault.message}`)) {
    const remedy = ANOTHER_NAME.test(`${fault.message}`)
      ? 'use a name that it has in "bootstrap.servers", and in "advertised.listeners" of the broker'
      : ANOTHER_PURPOSE.test(`${fault.code} ${fault.message}`)
      ? 'give the broker one for servers ("extendedKeyUsage" serverAuth), signed by an authority'
      : 'renew it, or give the authority that signed it as "ssl.ca.location"';
    const text =
      `Cannot ${what}: Kafka at "${servers}" has a certificate that is not accepted: ${detail}; ${remedy}`;
    return new BrokerError(servers, text, { cause: error });
  }
  if (fault.code === "ENOTFOUND") {
    return new BrokerError(
      servers,
      `Cannot ${what}: a host of Kafka at "${servers}" is unknown: ${detail}; check the name in ` +
        '"bootstrap.servers", and in "advertised.listeners" of the brokers',
      { cause: error, canRetry: true },
    );
  }
  return new BrokerError(
    servers,
    `Cannot ${what}: no answer from Kafka at "${servers}" in ${(triedMs / 1000).toFixed(1)} s: ${detail}`,
    { cause: error, canRetry: !CERTIFICATE.test(`${fault.code} ${fault.message}`) },
  );
}

/** What brokers say where a right is missing. */
export function notAllowed(identity: string, detail: string, right: string): string {
  return `does not allow it${identity && ` ${identity}`}: ${detail}; grant ${right}`;
}

/** The error for a login that was not tried, because its token could not be obtained. */
function withoutToken(cause: DiasporaError, what: string, servers: string): BrokerError {
  const { message, canRetry } = cause;
  const text = `Cannot ${what}: there is no token for the login at Kafka "${servers}": ${message}`;
  return new BrokerError(servers, text, { cause, canRetry });
}

/** The error for a partition without a leader: its brokers or their disks are down, or an election is going on. */
export function leaderless(servers: string, what: string, partition: number): BrokerError {
  return new BrokerError(
    servers,
    `Cannot ${what}: partition ${partition} has no leader at Kafka "${servers}", so no broker that has it is ` +
      "running with a disk that works; start one, make room on its disk, or try again",
    { reason: "LEADER_NOT_AVAILABLE", canRetry: true },
  );
}

/** The error for a batch that only another runtime can decompress; nothing in it is damaged. */
export function unknownCompression(what: string, codec: string): NotSupportedError {
  return new NotSupportedError(
    `Cannot ${what}: it is compressed by "${codec}", which this runtime does not know; Node knows "zstd" from version ` +
      '22.15 on, and with another "compression.type" of the topic brokers store new events without it',
  );
}

/** A quota of the client is used up. */
export const OUT_OF_QUOTA = "THROTTLING_QUOTA_EXCEEDED";

/** The error for brokers that send nothing because a quota of the client is used up. */
export function outOfQuota(servers: string, what: string, ms: number): BrokerError {
  return new BrokerError(
    servers,
    `Cannot ${what}: Kafka at "${servers}" has sent nothing for ${
      ms / 1000
    } s, because a quota of this client is ` +
      'used up; raise its "consumer_byte_rate" or "request_percentage", or try again',
    { reason: OUT_OF_QUOTA, canRetry: true },
  );
}

/** Whether the request may succeed elsewhere or later, because its partition moved or has no leader. */
export function isLeaderChange(error: unknown): boolean {
  if (error instanceof BrokerError) return error.reason === "LEADER_NOT_AVAILABLE";
  return faultsOf(error).some(({ hasStaleMetadata, message }) =>
    hasStaleMetadata === true || message?.startsWith("Cannot find broker") === true
  );
}

function isLoginFault(faults: ClientFault[]): boolean {
  return faults.some(({ code, apiId }) =>
    (code === AUTHENTICATION && !faults.some((other) => other.code === "PLT_KFK_NETWORK")) ||
    (apiId !== undefined && LOGIN_FAULTS.includes(apiId))
  );
}

/** What to change where the login itself is not wanted, or not in this way. */
function loginRemedy({ apiId, response }: ClientFault): string {
  if (apiId === "ILLEGAL_SASL_STATE") {
    return '; it wants no login: expected "security.protocol" to be "plaintext" or "ssl"';
  }
  const known = apiId === "UNSUPPORTED_SASL_MECHANISM" ? response?.mechanisms ?? [] : [];
  return known.length === 0 ? "" : `; expected "sasl.mechanisms" to be ${known.join(" or ")}`;
}

function detailOf({ apiId, message, serverErrorMessage }: ClientFault): string {
  const text = (serverErrorMessage || message || "no reason given")
    .replace(/\.$/, "")
    .replace(/ is not in the cert's list:\s*$/, ": the certificate has no addresses");
  return apiId === undefined ? text : `${apiId} (${text})`;
}
