import type { CallbackWithPromise, Connection } from "@platformatic/kafka";
import type { ClientModule } from "./client.ts";
import type { AnyClient, BrokerAddress } from "./client_internals.ts";

type FirstGetter = (callback: CallbackWithPromise<Connection>, attempt?: number) => void;

/**
 * The brokers that the clients of a driver ask first: those given, and those of the latest metadata. The client forgets
 * the latter with its metadata after an error, and then never finds a cluster whose brokers have all moved; and it asks
 * the first one given first, however often it does not answer.
 */
export class KnownBrokers {
  #addresses: readonly BrokerAddress[];

  constructor(private readonly given: readonly BrokerAddress[]) {
    this.#addresses = given;
  }

  /** Makes a client ask them, and learns from what it gets. */
  share(client: AnyClient, { kGetBootstrapConnection }: Pick<ClientModule, "kGetBootstrapConnection">): void {
    client.on("client:metadata", ({ brokers }) => this.#learn([...brokers.values()]));
    client.on("client:broker:failed", ({ broker }) => this.#postpone(broker));
    const value: FirstGetter = (callback, attempt = 0) => {
      const first = attempt % this.#addresses.length;
      const all = [...this.#addresses.slice(first), ...this.#addresses.slice(0, first)];
      client.connections.getFirstAvailable(all, callback);
    };
    Object.defineProperty(client, kGetBootstrapConnection, { value, configurable: true });
  }

  #learn(brokers: readonly BrokerAddress[]): void {
    if (brokers.length === 0) return;
    const current = [...this.given, ...brokers];
    const kept = this.#addresses.filter((one) => has(current, one));
    this.#addresses = [...kept, ...brokers.filter((one) => !has(kept, one))];
  }

  /** One that cannot be reached is asked last from now on. */
  #postpone(broker: BrokerAddress): void {
    const postponed = this.#addresses.filter((one) => isSame(one, broker));
    this.#addresses = [...this.#addresses.filter((one) => !isSame(one, broker)), ...postponed];
  }
}

function has(addresses: readonly BrokerAddress[], address: BrokerAddress): boolean {
  return addresses.some((one) => isSame(one, address));
}

function isSame(one: BrokerAddress, other: BrokerAddress): boolean {
  return one.host === other.host && one.port === other.port;
}
