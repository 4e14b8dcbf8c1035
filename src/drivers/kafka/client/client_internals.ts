import type { Socket } from "node:net";
import type { Reader, Writer } from "@platformatic/kafka";
import type { Admin, ClientConsumer, ClientModule, ClientProducer } from "../client.ts";
import { restOf } from "./trailing_bytes.ts";

/*
 * What we use of the client besides its documented methods, by symbols that it exports: `kGetApi`, which finds the
 * newest version of a request that both sides support, and `kGetConnection`, which finds the connection to a broker.
 * The version of the client is pinned, and tests fail if these change.
 */

/** A client of any kind. */
export type AnyClient = Admin | ClientConsumer | ClientProducer;

/** The address of a broker. */
export interface BrokerAddress {
  host: string;
  port: number;
}

/** A connection of the client, and where it leads to. */
export interface ClientConnection extends BrokerAddress {
  readonly socket: Socket;
  send(...parameters: unknown[]): void;
  close(): Promise<void>;
}

/** Reads a response; the arguments are the client's. */
export type Parse = (id: number, key: number, version: number, reader: Reader) => unknown;

/** A request in another form than the client's. */
export interface Substitute {
  /** Its version; that of the client by default. */
  version?: number | undefined;
  /** The beginning of what is sent. */
  payload(version: number): Writer;
  /** The rest, which the client does not copy. */
  rest(version: number): Uint8Array;
  /** How the response is read; as that of the client's version by default. */
  parse?(parse: Parse): Parse;
}

/** A request to a broker. */
export interface BrokerRequest {
  /** Kafka's name of the request. */
  name: string;
  /** The arguments of the client's function for it, between the connection and the callback. */
  parameters: unknown[] | ((version: number) => unknown[]);
  /** Called with the connection before anything is sent. */
  onConnection?(connection: ClientConnection): void;
  /** What is sent instead of what the client makes of the parameters. */
  instead?: Substitute;
}

export type Callback<T> = (error: Error | null, result?: T) => void;
/** Takes the connection, parameters, and a callback as the last one. */
export type Send = (connection: ClientConnection, ...parameters: unknown[]) => void;
/** A request of Kafka's protocol in one version. */
export type Api = Send & { version: number };
type ApiGetter = (name: string, callback: Callback<Api>) => void;
type ConnectionGetter = (broker: BrokerAddress, callback: Callback<ClientConnection>) => void;

/** Routes every request of that name through `wrap`, including those made by the client itself. */
export function wrapApi(
  client: AnyClient,
  module: ClientModule,
  name: string,
  wrap: (api: Api) => Send,
): void {
  const getApi = (client[module.kGetApi] as unknown as ApiGetter).bind(client);
  // The client calls this again once it knows the brokers' API versions.
  const wrapped = new WeakSet<Api>();
  const wrapOnce = (api: Api): Api => {
    if (wrapped.has(api)) return api;
    const made: Api = Object.assign(wrap(api), { version: api.version });
    wrapped.add(made);
    return made;
  };
  const value: ApiGetter = (wanted, callback) =>
    getApi(
      wanted,
      (error, api) => callback(error, wanted === name && api !== undefined ? wrapOnce(api) : api),
    );
  Object.defineProperty(client, module.kGetApi, { value, configurable: true });
}

/** Replaces the callback of a request by what `wrap` makes of it, which is called before each of them is sent. */
export function wrapCallback(
  client: AnyClient,
  module: ClientModule,
  name: string,
  wrap: (
    callback: Callback<unknown>,
    connection: ClientConnection,
    parameters: readonly unknown[],
  ) => Callback<unknown>,
): void {
  wrapApi(client, module, name, (api) => (connection, ...parameters) => {
    const callback = parameters.pop() as Callback<unknown>;
    api(connection, ...parameters, wrap(callback, connection, parameters));
  });
}

/** Calls the callback once: with the answer, or with the error that `start` reports first; that returns how to stop. */
export function answerOrError<T>(
  callback: Callback<T>,
  start: (fail: (error: Error) => void) => () => void,
): Callback<T> {
  let isOver = false;
  const end: Callback<T> = (error, answer) => {
    if (isOver) return;
    isOver = true;
    stop();
    callback(error, answer);
  };
  const stop = start(end);
  return end;
}

/** Sends one request to one broker, once; returns the response, or throws the client's error. */
export async function requestOnce<T>(
  client: AnyClient,
  module: ClientModule,
  broker: BrokerAddress,
  { name, parameters, onConnection, instead }: BrokerRequest,
): Promise<T> {
  const connection = await called<ClientConnection>((end) =>
    (client[module.kGetConnection] as unknown as ConnectionGetter).call(client, broker, end)
  );
  const api = await called<Api>((end) =>
    (client[module.kGetApi] as unknown as ApiGetter).call(client, name, end)
  );
  onConnection?.(connection);
  const given = typeof parameters === "function" ? parameters(api.version) : parameters;
  if (instead === undefined) return await called<T>((end) => api(connection, ...given, end));
  const version = instead.version ?? api.version;
  using rest = restOf(connection.socket, instead.rest(version));
  return await called<T>((end) => {
    const send: ClientConnection["send"] = (key, _version, _payload, clientParse, ...others) => {
      const parse = instead.parse?.(clientParse as Parse) ?? clientParse;
      connection.send(key, version, () => instead.payload(version).append(rest.mark), parse, ...others);
    };
    api(sendingWith(connection, send), ...given, end);
  });
}

/** A connection that sends otherwise. */
export function sendingWith(connection: ClientConnection, send: ClientConnection["send"]): ClientConnection {
  const { socket, host, port } = connection;
  return { socket, host, port, send, close: () => connection.close() };
}

/** Reads a response about a topic by its id: the client expects its name, which is the first string in the response. */
export function readingIds(parse: Parse): Parse {
  return (number, key, version, reader) => {
    const readString = () => {
      Reflect.deleteProperty(reader, "readString");
      return reader.readUUID();
    };
    Object.defineProperty(reader, "readString", { value: readString, configurable: true });
    return parse(number, key, version, reader);
  };
}

function called<T>(call: (end: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    call((error, result) => error ? reject(error) : resolve(result as T))
  );
}

/** Error codes of partitions without a leader, or without one that can be named. */
const LEADERLESS = ["LEADER_NOT_AVAILABLE", "REPLICA_NOT_AVAILABLE", "LISTENER_NOT_FOUND"];

/** The client's error for a response: each error code with its path in the response, and the response. */
interface AnswerError {
  errors?: { path?: string; apiId?: string }[];
  response?: { topics?: unknown };
}

/**
 * The client discards the metadata of all topics if one partition has no leader, but its error carries the
 * response. The other topics are fine, so the response is used; a partition without a leader has leader -1 in it.
 */
export function keepPartialMetadata(client: AnyClient, module: ClientModule): void {
  wrapCallback(client, module, "Metadata", (callback) => (error, response) => {
    const answer = partialAnswer(error);
    if (answer === undefined) callback(error, response);
    else callback(null, answer);
  });
}

/** The response in an error that is only about partitions without a leader; undefined for any other error. */
function partialAnswer(error: unknown): unknown {
  const { errors, response } = (error ?? {}) as AnswerError;
  if (!Array.isArray(errors) || errors.length === 0 || !Array.isArray(response?.topics)) return undefined;
  const isPartial = errors.every(({ path, apiId }) =>
    path?.includes("/partitions/") === true && LEADERLESS.includes(apiId ?? "")
  );
  return isPartial ? response : undefined;
}

/** Another member has the instance id of this one. */
export const FENCED = "FENCED_INSTANCE_ID";

/**
 * The client would answer this error by joining again as a new member, which takes the instance id back: two processes
 * with one id would do so in turns, and both read everything.
 */
export function stayFenced(client: AnyClient, module: ClientModule): void {
  for (const name of ["Heartbeat", "JoinGroup", "SyncGroup"]) {
    wrapCallback(client, module, name, (callback) => (error, answer) => {
      const { errors = [] } = (error ?? {}) as { errors?: (Error & { apiId?: string; path?: string })[] };
      for (const [index, { apiId, path }] of errors.entries()) {
        if (apiId !== FENCED) continue;
        errors[index] = new module.ProtocolError(FENCED, null, { path, needsRejoin: false });
      }
      callback(error, answer);
    });
  }
}
