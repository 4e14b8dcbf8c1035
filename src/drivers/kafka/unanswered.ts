import { BrokerError, type DiasporaError } from "../../errors.ts";
import { diagnose, diagnoseDates } from "./diagnosis.ts";
import { failureOf, isBrokerCertificate, isClosedSilently, isTransient, isUnknownHost } from "./failure.ts";
import type { KnownBrokers } from "./known_brokers.ts";
import type { KafkaSettings } from "./settings.ts";

const CANNOT = "Cannot connect: ";
const SILENCE = new Error(
  'it accepts connections, but answers nothing: check the port, and "security.protocol"',
);

/** Why the given addresses do not answer, while a driver is opened. */
export class Unanswered {
  /** What is wrong with an address, or with our configuration there. */
  readonly #diagnosed = new Map<string, string>();

  constructor(private readonly settings: KafkaSettings, private readonly brokers: KnownBrokers) {}

  /** Looks at each address; true if waiting helps with none of them: any other one finds the whole cluster. */
  async areHopeless(): Promise<boolean> {
    const { servers } = this.settings;
    await Promise.all(servers.map(async (address) => {
      const reason = await this.#diagnose(address);
      if (reason === undefined) this.#diagnosed.delete(address);
      else this.#diagnosed.set(address, reason);
    }));
    return servers.every((address) => this.#isHopeless(address));
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
    const texts = errors.map(({ message }) => message.slice(CANNOT.length));
    return new BrokerError(this.settings.servers.join(","), `${CANNOT}${texts.join("; ")}`, {
      cause: first,
      canRetry: errors.some(({ canRetry }) => canRetry),
    });
  }

  /** What is wrong with some of the addresses. */
  reasons(): string[] {
    return Array.from(this.#diagnosed, ([address, reason]) => `Kafka at "${address}" ${reason}`);
  }

  async #diagnose(address: string): Promise<string | undefined> {
    const { client: { tls, sasl } } = this.settings;
    const failure = this.#errorAt(address);
    if (failure !== undefined && isBrokerCertificate(failure)) {
      return await diagnoseDates(address, { ...tls });
    }
    // One that was not tried may be of no use either.
    if (failure !== undefined && !isClosedSilently(failure)) return undefined;
    return await diagnose(address, { tls, hasLogin: sasl !== undefined });
  }

  #isHopeless(address: string): boolean {
    if (this.#diagnosed.has(address)) return true;
    const failure = this.#errorAt(address);
    return failure !== undefined && (!isTransient(failure) || isUnknownHost(failure));
  }

  #errorAt(address: string): unknown {
    return this.brokers.failureOf(this.settings.servers.indexOf(address));
  }

  #failure(address: string, servers: string, triedMs: number): DiasporaError {
    const cause = this.#errorAt(address);
    const reason = this.#diagnosed.get(address);
    if (reason !== undefined) {
      return new BrokerError(servers, `${CANNOT}Kafka at "${servers}" ${reason}`, { cause });
    }
    const { identity: { description: identity } } = this.settings;
    return failureOf(cause ?? SILENCE, "connect", { servers, identity }, triedMs);
  }
}
