import { setMaxListeners } from "node:events";
import process from "node:process";
import { diagnostics, type RetryMessage } from "../../../diagnostics.ts";
import { ClosedError, type DiasporaError } from "../../../errors.ts";
import { sleep } from "../../../async.ts";
import { readFetches } from "./checked_fetch.ts";
import {
  type Admin,
  type ClientConsumer,
  type ClientModule,
  type ClientProducer,
  loadClient,
} from "../client.ts";
import {
  type AnyClient,
  type BrokerAddress,
  type BrokerRequest,
  keepPartialMetadata,
  requestOnce,
  stayFenced,
} from "./client_internals.ts";
import { readCommitted } from "./committed_fetch.ts";
import { failureOf, isFault, isTransient, isUnknownRequest, OUT_OF_QUOTA } from "./failure.ts";
import { KnownBrokers, RESEND_AFTER_MS } from "./known_brokers.ts";
import { findCoordinator, leaveMovedCoordinators } from "./moved_coordinator.ts";
import { stickyAssignor, StickyProtocol } from "./sticky_assignor.ts";
import type { KafkaSettings } from "../settings/settings.ts";
import type { Needs } from "./rights.ts";
import { Unanswered } from "./unanswered.ts";

/** How long an admin request is retried, in milliseconds. */
const OPERATION_MS_MAX = 30_000;
/** How much longer than the timeout it may take to find out why no broker responds, in milliseconds. */
const GRACE_MS = 1000;
/** Retries that let a group member outlive the move of its coordinator; beyond that we join again. */
const GROUP_RETRIES = 20;

/** A Kafka cluster: its connections, and the requests made by all parts of the driver. */
export class Cluster {
  /** The bootstrap addresses as one text. */
  readonly servers: string;
  // A private field, so that printing a topic never shows secrets.
  readonly #settings: KafkaSettings;
  #admin: Admin;
  readonly #brokers: KnownBrokers;
  readonly #closing = new AbortController();
  readonly #warnings = new Set<string>();
  #versions: Promise<ReadonlyMap<string, number>> | undefined;

  private constructor(readonly module: ClientModule, settings: KafkaSettings) {
    this.#settings = settings;
    this.servers = settings.servers.join(",");
    // As many partitions may wait at a time as there are.
    setMaxListeners(0, this.#closing.signal);
    this.#brokers = new KnownBrokers(
      settings.servers.map((server) => module.parseBroker(server)),
      settings.client.connectTimeout,
    );
    this.#admin = this.#newAdmin();
  }

  #newAdmin(): Admin {
    const { module, settings: { client } } = this;
    const admin = new module.Admin({ ...client, retries: 0, retryDelay: this.retryDelay });
    keepPartialMetadata(admin, module);
    this.#brokers.share(admin, module);
    leaveMovedCoordinators(admin, module, (group) => findCoordinator(admin, module, group));
    return admin;
  }

  /** The driver's settings. */
  get settings(): KafkaSettings {
    return this.#settings;
  }

  /** Loads the client and checks that a broker responds; throws `BrokerError`. */
  static async connect(settings: KafkaSettings): Promise<Cluster> {
    const cluster = new Cluster(await loadClient(), settings);
    try {
      await cluster.#checkConnection(settings.connectMsMax);
    } catch (error) {
      await cluster.close();
      throw error;
    }
    if (settings.ineffective.length > 0) {
      warn(`Kafka options without effect here: ${settings.ineffective.join(", ")}`);
    }
    return cluster;
  }

  /** Asks the given addresses in turns until a broker answers; gives up early if that can help with none of them. */
  async #checkConnection(msMax: number): Promise<void> {
    const beganMs = performance.now();
    using unanswered = new Unanswered(this.settings, this.#brokers);
    let giveUp!: () => void;
    const hopeless = new Promise<false>((resolve) => giveUp = () => resolve(false));
    const timer = setTimeout(giveUp, msMax + GRACE_MS);
    let looking: Promise<unknown> | undefined;
    const ask = async (): Promise<boolean> => {
      for (let attempt = 1; !this.isClosed; attempt++) {
        try {
          await this.#admin.metadata({ topics: [] });
          return true;
        } catch (error) {
          this.#brokers.blame(error);
          looking ??= unanswered.areHopeless().then((are) => are && giveUp())
            .finally(() => looking = undefined);
          const delayMs = this.retryDelay(undefined, "connect", attempt);
          if (performance.now() - beganMs + delayMs > msMax) break;
          await this.#forget(error);
          await this.pauseBefore({ operation: "connect", attempt, error });
        }
      }
      await looking;
      return false;
    };
    const isAnswered = await Promise.race([ask(), hopeless]);
    clearTimeout(timer);
    if (!isAnswered) throw unanswered.error(performance.now() - beganMs);
    for (const reason of unanswered.reasons()) warn(`${reason}; another address is used`);
  }

  /** The client keeps what it has learned: of a controller, or of another program, that it knows no such request. */
  async #forget(error: unknown): Promise<void> {
    this.#admin.clearMetadata();
    if (!isUnknownRequest(error)) return;
    await this.#admin.close();
    this.#admin = this.#newAdmin();
  }

  /** Delay before the next attempt in milliseconds, also used by the client's own retries. */
  readonly retryDelay = (_client: unknown, _operation: string, attempt: number): number => {
    const { msMin, msMax } = this.settings.backoff;
    return Math.min(msMax, msMin * 2 ** Math.min(attempt - 1, 20));
  };

  /** Runs a request, with retries where they may help; `what` completes the error message "Cannot …". */
  async run<T>(
    what: string,
    operation: (admin: Admin) => Promise<T>,
    msMax: number = OPERATION_MS_MAX,
    needs?: Needs,
  ): Promise<T> {
    const beganMs = performance.now();
    let overQuota: unknown;
    for (let attempt = 1;; attempt++) {
      if (this.#closing.signal.aborted) throw new ClosedError("the octopus driver");
      try {
        return await operation(this.#admin);
      } catch (error) {
        // Until the quota allows it brokers do not read the next attempt, perhaps for longer than a request may take.
        if (isFault(error, OUT_OF_QUOTA)) overQuota = error;
        const delayMs = this.retryDelay(undefined, what, attempt);
        const mayPass = isTransient(error);
        if (!mayPass || performance.now() - beganMs + delayMs > msMax) {
          throw this.failure(mayPass ? overQuota ?? error : error, what, performance.now() - beganMs, needs);
        }
        this.#admin.clearMetadata();
        await this.pauseBefore({ operation: what, attempt, error });
      }
    }
  }

  /** The same for a request that may be sent twice: it is sent again, perhaps to another broker, after a silence. */
  ask<T>(what: string, operation: (admin: Admin) => Promise<T>, needs?: Needs): Promise<T> {
    return this.run(what, (admin) => this.within(RESEND_AFTER_MS, operation(admin)), OPERATION_MS_MAX, needs);
  }

  /** The error reported to the user. */
  failure(error: unknown, what: string, triedMs: number, needs?: Needs): DiasporaError {
    const { description: identity } = this.settings.identity;
    return failureOf(error, what, { servers: this.servers, identity, needs }, triedMs);
  }

  /** A client for consuming, alone or as a group member, with the given number of internal retries. */
  consumer(group: string, retries: number = GROUP_RETRIES, timeoutMs?: number): ClientConsumer {
    const { client, fetch, group: configured } = this.settings;
    const timing = timeoutMs === undefined ? configured : {
      ...configured,
      sessionTimeout: timeoutMs,
      heartbeatInterval: Math.min(configured.heartbeatInterval, timeoutMs / 3),
    };
    const protocol = new StickyProtocol();
    const consumer = new this.module.Consumer({
      ...client,
      ...timing,
      // Names may contain spaces, which the client rejects although brokers accept them.
      groupId: "name",
      partitionAssigner: stickyAssignor,
      protocols: [protocol],
      retries,
      retryDelay: this.retryDelay,
      // Nothing listens for stalled heartbeats; if closed while joining, the client would keep that timer for a
      // minute.
      heartbeatStallTimeout: 0,
      minBytes: fetch.bytesMin,
      maxBytes: fetch.bytesMax,
      maxWaitTime: fetch.waitMsMax,
      isolationLevel: this.module.FetchIsolationLevels.READ_UNCOMMITTED,
    }) as ClientConsumer;
    consumer.groupId = group;
    protocol.member = consumer;
    keepPartialMetadata(consumer, this.module);
    stayFenced(consumer, this.module);
    leaveMovedCoordinators(consumer, this.module, (name) => findCoordinator(this.#admin, this.module, name));
    this.#brokers.share(consumer, this.module);
    consumer.on("client:performWithRetry:retry", (operation, attempt, _retries, delayMs) => {
      if (!diagnostics.retry.hasSubscribers) return;
      const again = { operation: `${operation} for "${group}"`, attempt: attempt + 1, delayMs };
      diagnostics.retry.publish({ ...again, error: new Error("the client tries it again") });
    });
    readFetches(consumer, this.module, fetch.checksChecksums);
    if (fetch.readsCommittedOnly) readCommitted(consumer, this.module);
    return consumer;
  }

  /** A client for producing. It does not retry: the delivery of each partition does, with sequence numbers. */
  producer(): ClientProducer {
    const { client } = this.settings;
    const made = new this.module.Producer({ ...client, idempotent: false, retries: 0 }) as ClientProducer;
    keepPartialMetadata(made, this.module);
    this.#brokers.share(made, this.module);
    return made;
  }

  /** The newest version of a request that brokers know; 0 if they do not tell. */
  async newestVersion(name: string): Promise<number> {
    this.#versions ??= this.#admin.listApis().then(
      (apis) => new Map(apis.map(({ name, maxVersion }) => [name, maxVersion])),
    );
    try {
      return (await this.#versions).get(name) ?? 0;
    } catch {
      this.#versions = undefined;
      return 0;
    }
  }

  /** Sends one request to one broker through a client. */
  request<T>(client: AnyClient, broker: BrokerAddress, request: BrokerRequest): Promise<T> {
    return requestOnce<T>(client, this.module, broker, request);
  }

  /** Sends one admin request to one broker, once. */
  requestAdmin<T>(broker: BrokerAddress, request: BrokerRequest): Promise<T> {
    return this.request<T>(this.#admin, broker, request);
  }

  /** Whether the driver is closed or closing. */
  get isClosed(): boolean {
    return this.#closing.signal.aborted;
  }

  /** The result of `awaited`, or an error after a timeout. */
  async within<T>(ms: number, awaited: Promise<T>): Promise<T> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer in ${ms / 1000} s`)), ms);
    });
    // A late rejection is ignored.
    awaited.catch(() => {});
    try {
      return await Promise.race([awaited, late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Waits before a retry, and reports it on the diagnostics channel. */
  async pauseBefore(again: Omit<RetryMessage, "delayMs">): Promise<void> {
    const delayMs = this.retryDelay(undefined, again.operation, again.attempt);
    if (diagnostics.retry.hasSubscribers) diagnostics.retry.publish({ ...again, delayMs });
    await this.pause(delayMs);
  }

  /** Waits, unless the driver is closed in the meantime. */
  pause(ms: number): Promise<void> {
    return sleep(ms, this.#closing.signal);
  }

  /** Prints a warning, but not again: pages and metrics ask all the time. */
  warnOnce(message: string): void {
    if (this.#warnings.has(message)) return;
    this.#warnings.add(message);
    warn(message);
  }

  /** Closes the connections and ends all waits. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#admin.close();
  }
}

/** Prints a warning for the operator. */
export function warn(message: string): void {
  process.emitWarning(message, "DiasporaWarning");
}
