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
  const value: ApiGetter = (wanted, callback) =>
    getApi(wanted, (error, api) => callback(error, wanted === name && api !== undefined ? wrap(api) : api));
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
