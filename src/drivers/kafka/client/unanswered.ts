import { setMaxListeners } from "node:events";
import { BrokerError, type DiasporaError } from "../../../errors.ts";
import { diagnose, diagnoseDates } from "./diagnosis.ts";
import {
  failureOf,
  isBrokerCertificate,
  isClosedSilently,
  isRefusedLogin,
  isTransient,
  isUnknownHost,
} from "./failure.ts";
import type { KnownBrokers } from "./known_brokers.ts";
import type { KafkaSettings } from "../settings/settings.ts";

const CANNOT = "Cannot connect: ";
const SILENCE = new Error(
  'it accepts connections, but answers nothing: check the port, and "security.protocol"',
);

/** Why the given addresses do not answer, while a driver is opened. */
export class Unanswered {
  /** What is wrong with an address, or with our configuration there. */
  readonly #diagnosed = new Map<string, string>();
  readonly #ending = new AbortController();

  constructor(private readonly settings: KafkaSettings, private readonly brokers: KnownBrokers) {
    // As many connections as there are addresses.
    setMaxListeners(0, this.#ending.signal);
  }

  /** Stops looking: a connection to an address that is silent would keep the process from ending. */
  [Symbol.dispose](): void {
    this.#ending.abort();
  }

  /**
   * Looks at each address; true if waiting helps with none of them: any other one finds the whole cluster. Neither does it
   * if one refuses the login and none of the others can be used: accounts get locked by one attempt after the other.
   */
  async areHopeless(): Promise<boolean> {
    const { servers } = this.settings;
    await Promise.all(servers.map(async (address) => {
      const reason = await this.#diagnose(address);
      if (reason === undefined) this.#diagnosed.delete(address);
      else this.#diagnosed.set(address, reason);
    }));
    if (servers.every((address) => this.#isHopeless(address))) return true;
    return this.#isLoginRefused() && servers.every((address) => this.#errorAt(address) !== undefined);
  }

  /** The error for all addresses; each is named with its reason if they differ. */
  error(triedMs: number): DiasporaError {
    const alike = new Map<string, string[]>();
    for (const address of this.settings.servers) {
      const reason = this.#isHopeless(address) ? this.#failure(address, "", 0).message : "";
      alike.set(reason, [...alike.get(reason) ?? [], address]);
    }
    const errors = Array.from(
      alike.values(),
      (addresses) => this.#failure(addresses.at(-1)!, addresses.join(","), triedMs),
    );
    const [first, ...others] = errors;
    if (others.length === 0) return first!;
    const reason = errors.map(({ reason }) => reason).find((one) => one !== undefined);
    const texts = errors.map(({ message }) => message.slice(CANNOT.length));
    return new BrokerError(this.settings.servers.join(","), `${CANNOT}${texts.join("; ")}`, {
      cause: first,
      ...(reason === undefined ? {} : { reason }),
      canRetry: !this.#isLoginRefused() && errors.some(({ canRetry }) => canRetry),
    });
  }

  /** What is wrong with some of the addresses. */
  reasons(): string[] {
    return Array.from(this.#diagnosed, ([address, reason]) => `Kafka at "${address}" ${reason}`);
  }

  async #diagnose(address: string): Promise<string | undefined> {
    const { client: { tls, sasl } } = this.settings;
    const failure = this.#errorAt(address);
    const { signal } = this.#ending;
    if (failure !== undefined && isBrokerCertificate(failure)) {
      return await diagnoseDates(address, { tls, signal });
    }
    // One that was not tried may be of no use either.
    if (failure !== undefined && !isClosedSilently(failure)) return undefined;
    return await diagnose(address, { tls, hasLogin: sasl !== undefined, signal });
  }

  #isHopeless(address: string): boolean {
    if (this.#diagnosed.has(address)) return true;
    const failure = this.#errorAt(address);
    return failure !== undefined && (!isTransient(failure) || isUnknownHost(failure));
  }

  #isLoginRefused(): boolean {
    return this.settings.servers.some((address) => isRefusedLogin(this.#errorAt(address)));
  }

  #errorAt(address: string): unknown {
    return this.brokers.failureOf(this.settings.servers.indexOf(address));
  }

  #failure(
    address: string,
    servers: string,
    triedMs: number,
  ): DiasporaError & { reason?: string | undefined } {
    const cause = this.#errorAt(address);
    const reason = this.#diagnosed.get(address);
    if (reason !== undefined) {
      return new BrokerError(servers, `${CANNOT}Kafka at "${servers}" ${reason}`, { cause });
    }
    const { identity: { description: identity } } = this.settings;
    return failureOf(cause ?? SILENCE, "connect", { servers, identity }, triedMs);
  }
}
