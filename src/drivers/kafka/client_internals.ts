import type { Admin, ClientConsumer, ClientModule, ClientProducer } from "./client.ts";

/*
 * What is reached of the client beside its documented methods, by symbols that it exports: `kGetApi`, which finds the
 * newest version of a request that both sides know, and `kGetConnection`, which finds the connection to a broker. The
 * version of the client is pinned, and tests fail when these change.
 */

/** A client of any kind. */
export type AnyClient = Admin | ClientConsumer | ClientProducer;

/** Where a broker is. */
export interface BrokerPlace {
  host: string;
  port: number;
}

/** A connection of the client. */
export interface ClientConnection {
  send(...parameters: unknown[]): void;
  close(): Promise<void>;
}

/** What is asked. */
export interface BrokerRequest {
  /** Kafka's name of the request. */
  name: string;
  /** What the client's function for it takes beside the connection and the callback. */
  parameters: unknown[];
  /** Gets the connection before anything goes through it. */
  onConnection?(connection: ClientConnection): void;
}

type Callback<T> = (error: Error | null, result?: T) => void;
/** A request of Kafka's protocol, in one version: parameters after the connection, and a callback last. */
export type Api = ((connection: ClientConnection, ...parameters: unknown[]) => void) & { version: number };
type ApiGetter = (name: string, callback: Callback<Api>) => void;
type ConnectionGetter = (broker: BrokerPlace, callback: Callback<ClientConnection>) => void;

/** Has every request of that name go through `wrap`, also those that the client itself makes. */
export function wrapApi(
  client: AnyClient,
  module: ClientModule,
  name: string,
  wrap: (api: Api) => Api,
): void {
  const getApi = (client[module.kGetApi] as unknown as ApiGetter).bind(client);
  // Before the client knows what brokers can do it asks them, and then itself once more.
  const wrapped = new WeakSet<Api>();
  const wrapOnce = (api: Api): Api => {
    if (wrapped.has(api)) return api;
    const made = wrap(api);
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

/** One request to one broker, once; gives its answer, or throws what the client says of it. */
export async function askBroker<T>(
  client: AnyClient,
  module: ClientModule,
  broker: BrokerPlace,
  { name, parameters, onConnection }: BrokerRequest,
): Promise<T> {
  const connection = await called<ClientConnection>((end) =>
    (client[module.kGetConnection] as unknown as ConnectionGetter).call(client, broker, end)
  );
  const api = await called<Api>((end) =>
    (client[module.kGetApi] as unknown as ApiGetter).call(client, name, end)
  );
  onConnection?.(connection);
  return await called<T>((end) => api(connection, ...parameters, end));
}

function called<T>(call: (end: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) =>
    call((error, result) => error ? reject(error) : resolve(result as T))
  );
}

/** What a broker says of partitions that have no leader now, or none that it can name. */
const LEADERLESS = ["LEADER_NOT_AVAILABLE", "REPLICA_NOT_AVAILABLE", "LISTENER_NOT_FOUND"];

/** What the client's error about an answer has: each fault with its place in the answer, and the answer. */
interface AnswerError {
  errors?: { path?: string; apiId?: string }[];
  response?: { topics?: unknown };
}

/**
 * The client throws away what brokers say of topics when one partition has no leader, and its error carries the
 * answer. The others are well, so the answer counts; a partition without a leader is led by -1 there.
 */
export function keepPartialMetadata(client: AnyClient, module: ClientModule): void {
  wrapApi(client, module, "Metadata", (api) => {
    const partial: Api = Object.assign((connection: Parameters<Api>[0], ...parameters: unknown[]): void => {
      const callback = parameters.pop() as (error: Error | null, response?: unknown) => void;
      api(connection, ...parameters, (error: Error | null, response?: unknown) => {
        const answer = partialAnswer(error);
        if (answer === undefined) callback(error, response);
        else callback(null, answer);
      });
    }, { version: api.version });
    return partial;
  });
}

/** The answer in an error that is only about partitions without a leader; undefined for any other. */
export function partialAnswer(error: unknown): unknown {
  const { errors, response } = (error ?? {}) as AnswerError;
  if (!Array.isArray(errors) || errors.length === 0 || !Array.isArray(response?.topics)) return undefined;
  const isPartial = errors.every(({ path, apiId }) =>
    path?.includes("/partitions/") === true && LEADERLESS.includes(apiId ?? "")
  );
  return isPartial ? response : undefined;
}
