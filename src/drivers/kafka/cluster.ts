import process from "node:process";
import { diagnostics, type RetryMessage } from "../../diagnostics.ts";
import { BrokerError, ClosedError, type DiasporaError } from "../../errors.ts";
import { sleep } from "../../sleep.ts";
import { checkFetches } from "./checked_fetch.ts";
import {
  type Admin,
  type ClientConsumer,
  type ClientModule,
  type ClientProducer,
  loadClient,
} from "./client.ts";
import {
  type AnyClient,
  askBroker,
  type BrokerPlace,
  type BrokerRequest,
  keepPartialMetadata,
} from "./client_internals.ts";
import { diagnose } from "./diagnosis.ts";
import { failureOf, isPassing, isSilence } from "./failure.ts";
import { stickyAssignor, StickyProtocol } from "./sticky_assignor.ts";
import type { KafkaSettings } from "./settings.ts";

/** How long one request of administration is tried, in milliseconds. */
const OPERATION_MS_MAX = 30_000;
/** By how much longer than it may the client takes to say that no one answers, in milliseconds. */
const GRACE_MS = 12_000;
/** A member of a group outlives a coordinator that moves; what it cannot, we begin again. */
const GROUP_RETRIES = 20;

/** A Kafka cluster: how to reach it, and what every part of the driver asks of it. */
export class Cluster {
  /** The addresses as one text. */
  readonly servers: string;
  // Private to the runtime too, so that nothing that shows a topic shows secrets.
  readonly #settings: KafkaSettings;
  readonly #admin: Admin;
  readonly #closing = new AbortController();

  private constructor(readonly module: ClientModule, settings: KafkaSettings) {
    this.#settings = settings;
    this.servers = settings.servers.join(",");
    this.#admin = new module.Admin({ ...settings.client, retries: 0, retryDelay: this.retryDelay });
    keepPartialMetadata(this.#admin, module);
  }

  /** What the driver was opened with. */
  get settings(): KafkaSettings {
    return this.#settings;
  }

  /** Loads the client, and makes sure that a broker answers; throws `BrokerError`. */
  static async connect(settings: KafkaSettings): Promise<Cluster> {
    const cluster = new Cluster(await loadClient(), settings);
    try {
      await cluster.#answerOf(settings.connectMsMax + GRACE_MS);
    } catch (error) {
      await cluster.close();
      throw error;
    }
    if (settings.ineffective.length > 0) {
      warn(`Kafka options without effect here: ${settings.ineffective.join(", ")}`);
    }
    return cluster;
  }

  /** Asks any broker for anything; fails in time also where the client never says a word. */
  async #answerOf(msMax: number): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const silence = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(this.failure(new Error("the client is silent"), "connect", msMax)),
        msMax,
      );
    });
    const asking = this.run("connect", async (admin) => {
      try {
        await admin.metadata({ topics: [] });
      } catch (error) {
        await this.#explain(error);
        throw error;
      }
    }, this.settings.connectMsMax);
    try {
      await Promise.race([asking, silence]);
    } finally {
      clearTimeout(timer);
      asking.catch(() => {});
    }
  }

  /** Throws where a broker is there, and answers nothing because of how it is asked: no time changes that. */
  async #explain(cause: unknown): Promise<void> {
    if (!isSilence(cause)) return;
    const { servers, client: { tls, sasl } } = this.settings;
    for (const address of servers) {
      const reason = await diagnose(address, { tls, hasLogin: sasl !== undefined });
      if (reason !== undefined) {
        throw new BrokerError(address, `Cannot connect: Kafka at "${address}" ${reason}`, { cause });
      }
    }
  }

  /** Milliseconds to wait before the next attempt; what the client's own loops take as well. */
  readonly retryDelay = (_client: unknown, _operation: string, attempt: number): number => {
    const { msMin, msMax } = this.settings.backoff;
    return Math.min(msMax, msMin * 2 ** Math.min(attempt - 1, 20));
  };

  /** Runs a request, again while that may help; `what` stands in the error: "Cannot …". */
  async run<T>(
    what: string,
    operation: (admin: Admin) => Promise<T>,
    msMax: number = OPERATION_MS_MAX,
  ): Promise<T> {
    const beganMs = Date.now();
    for (let attempt = 1;; attempt++) {
      if (this.#closing.signal.aborted) throw new ClosedError("the octopus driver");
      try {
        return await operation(this.#admin);
      } catch (error) {
        const delayMs = this.retryDelay(undefined, what, attempt);
        if (!isPassing(error) || Date.now() - beganMs + delayMs > msMax) {
          throw this.failure(error, what, Date.now() - beganMs);
        }
        this.#admin.clearMetadata();
        await this.pauseBefore({ operation: what, attempt, error });
      }
    }
  }

  /** The error that the user sees. */
  failure(error: unknown, what: string, triedMs: number): DiasporaError {
    const { description: identity } = this.settings.identity;
    return failureOf(error, what, { servers: this.servers, identity }, triedMs);
  }

  /** A client that reads, alone or as a member of a group; it tries a request again so many times by itself. */
  consumer(group: string, retries: number = GROUP_RETRIES, timeoutMs?: number): ClientConsumer {
    const { client, fetch, group: configured } = this.settings;
    const timing = timeoutMs === undefined ? configured : {
      ...configured,
      sessionTimeout: timeoutMs,
      heartbeatInterval: Math.min(configured.heartbeatInterval, timeoutMs / 3),
    };
    const { READ_COMMITTED, READ_UNCOMMITTED } = this.module.FetchIsolationLevels;
    const protocol = new StickyProtocol();
    const consumer = new this.module.Consumer({
      ...client,
      ...timing,
      // Names may have spaces, which the client refuses, though no broker does.
      groupId: "name",
      partitionAssigner: stickyAssignor,
      protocols: [protocol],
      retries,
      retryDelay: this.retryDelay,
      // Nothing listens for stalled heartbeats; closed while it joins, the client would keep that timer for a minute.
      heartbeatStallTimeout: 0,
      minBytes: fetch.bytesMin,
      maxBytes: fetch.bytesMax,
      maxWaitTime: fetch.waitMsMax,
      isolationLevel: fetch.readsCommittedOnly ? READ_COMMITTED : READ_UNCOMMITTED,
    }) as ClientConsumer;
    consumer.groupId = group;
    protocol.member = consumer;
    keepPartialMetadata(consumer, this.module);
    consumer.on("client:performWithRetry:retry", (operation, attempt, _retries, delayMs) => {
      if (!diagnostics.retry.hasSubscribers) return;
      const error = new Error("the client tries it again");
      diagnostics.retry.publish({
        operation: `${operation} for "${group}"`,
        attempt: attempt + 1,
        delayMs,
        error,
      });
    });
    if (fetch.checksChecksums) checkFetches(consumer, this.module);
    return consumer;
  }

  /** A client that writes. It tries once: each partition's delivery numbers its events, and has its own time. */
  producer(): ClientProducer {
    const { client } = this.settings;
    // An idempotent one without retries would be taken to mean trying for ever.
    const made = new this.module.Producer({ ...client, idempotent: false, retries: 0 }) as ClientProducer;
    keepPartialMetadata(made, this.module);
    return made;
  }

  /** One request to one broker, by a client. */
  ask<T>(client: AnyClient, broker: BrokerPlace, request: BrokerRequest): Promise<T> {
    return askBroker<T>(client, this.module, broker, request);
  }

  /** One request of administration to one broker, once. */
  askAdmin<T>(broker: BrokerPlace, request: BrokerRequest): Promise<T> {
    return this.ask<T>(this.#admin, broker, request);
  }

  /** Whether the driver is closed, or about to be. */
  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** What is awaited, unless it takes longer than that. */
  async within<T>(ms: number, awaited: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${ms / 1000} s`)), ms);
    });
    // What comes too late is for no one.
    awaited.catch(() => {});
    try {
      return await Promise.race([awaited, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits before something is tried again, and says so to those who watch. */
  async pauseBefore(again: Omit<RetryMessage, "delayMs">): Promise<void> {
    const delayMs = this.retryDelay(undefined, again.operation, again.attempt);
    if (diagnostics.retry.hasSubscribers) diagnostics.retry.publish({ ...again, delayMs });
    await this.pause(delayMs);
  }

  /** Waits, unless the driver is closed meanwhile. */
  pause(ms: number): Promise<void> {
    return sleep(ms, this.#closing.signal);
  }

  /** Ends the connections and everything that waits. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#admin.close();
  }
}

/** Tells the operator something that is not an error. */
export function warn(message: string): void {
  process.emitWarning(message, "DiasporaWarning");
}
