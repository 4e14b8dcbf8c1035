import type { Socket } from "node:net";
import type { CallbackWithPromise, Connection } from "@platformatic/kafka";
import type { ClientModule } from "../client.ts";
import {
  answerOrError,
  type AnyClient,
  type BrokerAddress,
  type Callback,
  wrapCallback,
} from "./client_internals.ts";

type FirstGetter = (callback: CallbackWithPromise<Connection>, attempt?: number) => void;

/** Opening a driver finds the first of this many brokers that answers in time, however silent the others are. */
const BROKERS_ASKED = 4;
/** Requests that any broker answers, soon. */
const ANSWERED_BY_ALL = ["Metadata", "FindCoordinator", "InitProducerId"];
/**
 * How long to wait for what one broker alone knows before the answer is given without it, in milliseconds: operators
 * look while a broker restarts or hangs.
 */
export const ONE_BROKER_MS_MAX = 2000;

/**
 * How long to wait for an answer before a request that may be sent twice is sent again, in milliseconds: a hung broker
 * is replaced within that time.
 */
export const RESEND_AFTER_MS = 10_000;
/** The least length that a text has if its first characters are taken for one: four spaces. */
const TEXT_LENGTH_MIN = 0x20202020;
/** The longest patience with one broker while there are others, in milliseconds. */
const PATIENCE_MS_MAX = 60_000;

/**
 * The brokers that the clients of a driver ask first: those given, and those of the latest metadata. The client forgets
 * the latter with its metadata after an error, and then never finds a cluster whose brokers have all moved; and it asks
 * the first one given first, however often it does not answer, and waits a minute for it each time.
 */
export class KnownBrokers {
  #addresses: readonly BrokerAddress[];
  /** How often in a row none of them answered in time. */
  #silences = 0;
  /** Why each address could not be used, until a broker answers. */
  readonly #failures = new Map<string, unknown>();
  /** The one connected to last, until it is known to be of no use. */
  #latest: BrokerAddress | undefined;

  /** A connection is made within `connectMsMax`. */
  constructor(private readonly given: readonly BrokerAddress[], private readonly connectMsMax: number) {
    this.#addresses = given;
  }

  /** Makes a client ask them, and learns from what it gets. */
  share(client: AnyClient, module: ClientModule): void {
    client.on("client:metadata", ({ brokers }) => {
      this.#silences = 0;
      this.#failures.clear();
      this.#learn([...brokers.values()]);
    });
    client.on("client:broker:failed", ({ broker }) => this.#postpone(broker));
    // A connection that is closed during a login reports that to its callback, and once more when nothing else listens.
    client.connections.on("connecting", ({ connection }) => connection.on("error", () => {}));
    const value: FirstGetter = (callback, attempt = 0) => {
      const first = attempt % this.#addresses.length;
      const all = [...this.#addresses.slice(first), ...this.#addresses.slice(0, first)];
      this.#connect(client, module, all, callback);
    };
    Object.defineProperty(client, module.kGetBootstrapConnection, { value, configurable: true });
    for (const name of ANSWERED_BY_ALL) {
      wrapCallback(
        client,
        module,
        name,
        (callback, connection) => this.#impatient(callback, connection, module),
      );
    }
  }

  /** A request that any broker answers has failed: if there was a connection, its address is asked last from now on. */
  blame(error: unknown): void {
    if (this.#latest === undefined) return;
    this.#failures.set(keyOf(this.#latest), error);
    this.#postpone(this.#latest);
    this.#latest = undefined;
  }

  /** Why one of the addresses given could not be used; undefined if it was not tried, or has not answered yet. */
  failureOf(index: number): unknown {
    return this.#failures.get(keyOf(this.given[index]!));
  }

  /** Connects to the first broker that can be reached; one that takes long is not waited for. */
  #connect(
    client: AnyClient,
    { MultipleErrors }: ClientModule,
    addresses: readonly BrokerAddress[],
    callback: CallbackWithPromise<Connection>,
  ): void {
    const errors: Error[] = [];
    let isOver = false;
    const ask = (index: number): void => {
      const address = addresses[index];
      if (isOver || address === undefined) return;
      let goOn = (): void => {
        goOn = () => {};
        ask(index + 1);
      };
      const isNew = !client.connections.has(address);
      const timer = this.#whenSilent(address, () => goOn());
      client.connections.get(address, (error, connection) => {
        clearTimeout(timer);
        if (error === null) this.#failures.delete(keyOf(address));
        else this.#failures.set(keyOf(address), error);
        if (isOver) return;
        if (connection !== undefined) {
          isOver = true;
          this.#latest = address;
          if (isNew) this.#watch(address, connection);
          callback(null, connection);
        } else if (errors.push(error!) < addresses.length) goOn();
        else callback(new MultipleErrors("Cannot connect to any broker.", errors), undefined as never);
      });
      if (isNew) leaveOthers(client.connections.getEstablishedConnection(address)?.socket);
    };
    ask(0);
  }

  /**
   * Ends a new connection on which nothing is answered: nothing but the first request waits for it. Then, and if it is
   * closed before a broker may have answered, that address is asked last from now on.
   */
  #watch(address: BrokerAddress, { socket }: Connection): void {
    const timer = this.#whenSilent(address, () => socket.destroy());
    const onClose = (): void => {
      clearTimeout(timer);
      this.#postpone(address);
    };
    socket.once("close", onClose);
    socket.once("data", (bytes: Uint8Array) => {
      clearTimeout(timer);
      if (mayBeResponse(bytes)) socket.off("close", onClose);
    });
  }

  /**
   * Lets a request fail if it is not answered in time, so that another broker is asked. Its connection stays: what
   * else waits there may take longer.
   */
  #impatient(
    callback: Callback<unknown>,
    { host, port }: BrokerAddress,
    { NetworkError }: ClientModule,
  ): Callback<unknown> {
    return answerOrError(callback, (fail) => {
      const timer = this.#whenSilent(
        { host, port },
        () => fail(new NetworkError(`The broker at ${host}:${port} does not answer.`)),
      );
      return () => clearTimeout(timer);
    });
  }

  /** Asks a broker last from now on if it stays silent for long, and then goes on; never if it is the only one. */
  #whenSilent(broker: BrokerAddress, goOn: () => void): ReturnType<typeof setTimeout> | undefined {
    const { length } = this.#addresses;
    if (length < 2) return undefined;
    // All of them may be slow.
    const rounds = Math.floor(this.#silences / length);
    const ms = this.connectMsMax / (Math.min(length, BROKERS_ASKED) + 1) * 2 ** rounds;
    return setTimeout(() => {
      this.#silences++;
      this.#postpone(broker);
      goOn();
    }, Math.min(ms, PATIENCE_MS_MAX));
  }

  #learn(brokers: readonly BrokerAddress[]): void {
    if (brokers.length === 0) return;
    const current = [...this.given, ...brokers];
    const kept = this.#addresses.filter((one) => has(current, one));
    this.#addresses = [...kept, ...brokers.filter((one) => !has(kept, one))];
  }

  /** One that cannot be reached is asked last from now on. */
  #postpone(broker: BrokerAddress): void {
    const postponed = this.#addresses.filter((one) => isSameAddress(one, broker));
    this.#addresses = [...this.#addresses.filter((one) => !isSameAddress(one, broker)), ...postponed];
  }
}

/** Ends a connection to a program that is not a broker: its answer would be waited for, that to a login, too. */
function leaveOthers(socket: Socket | undefined): void {
  socket?.once("data", (bytes: Uint8Array) => {
    if (!mayBeResponse(bytes)) socket.destroy();
  });
}

/** Whether bytes may be the beginning of a response, which has its length and a number first; a text never is. */
function mayBeResponse(bytes: Uint8Array): boolean {
  if (bytes.length < 4) return true;
  const length = new DataView(bytes.buffer, bytes.byteOffset).getInt32(0);
  return length >= 4 && length < TEXT_LENGTH_MIN;
}

function keyOf({ host, port }: BrokerAddress): string {
  return `${host} ${port}`;
}

function has(addresses: readonly BrokerAddress[], address: BrokerAddress): boolean {
  return addresses.some((one) => isSameAddress(one, address));
}

/** Whether two brokers are at one address. */
export function isSameAddress(one: BrokerAddress, other: BrokerAddress): boolean {
  return one.host === other.host && one.port === other.port;
}
