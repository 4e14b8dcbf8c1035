import { BrokerError, ClosedError, TopicDeletedError } from "../../../errors.ts";
import { withoutUndefined } from "../../../options.ts";
import type { ClientProducer } from "../client.ts";
import type { ClientConnection } from "../client/client_internals.ts";
import type { Cluster } from "../client/cluster.ts";
import {
  isClosedSilently,
  isFault,
  isLeaderChange,
  isTooLarge,
  isTransient,
  isUnknownTopic,
  leaderless,
} from "../client/failure.ts";
import { isTopicDeleted, type Leader } from "../client/metadata.ts";
import { answerOfLeader } from "../client/moved_leader.ts";
import { produce } from "./produce_request.ts";
import type { RecordBatch } from "../format/record_batch.ts";
import { RequestLimit } from "./request_limit.ts";

/** Sequence numbers wrap around after the largest value of their field. */
const SEQUENCE_LIMIT = 2 ** 31;
/** The broker has stored something else under these sequence numbers, or what comes before them is lost. */
const OUT_OF_ORDER = "OUT_OF_ORDER_SEQUENCE_NUMBER";
/** The broker no longer knows the preceding sequence numbers: restart them, once. */
const UNKNOWN_SEQUENCE = ["UNKNOWN_PRODUCER_ID", OUT_OF_ORDER];

/** Then the broker is older than the one that was asked what it knows: such brokers close the connection. */
const ID_REFUSALS_MAX = 2;

/** The target of a sender. */
interface DeliverySettings {
  cluster: Cluster;
  /** Shared by the senders of a producer. */
  client: ClientProducer;
  /** Without an id any topic of that name is accepted. */
  topic: { name: string; kafkaName: string; id?: string };
  partition: number;
  /** The producer id of a partition's first session, which those of all partitions may share. */
  firstSession?(): Promise<ProducerId>;
  /** Called when the partition has no leader, and when something was stored. */
  onLeader?(hasLeader: boolean): void;
  /** How long the leader may be silent before it is looked whether it still leads, in milliseconds. */
  silenceMs?: number;
  /** How long a batch may take, if that is less than the driver's timeout, in milliseconds. */
  msMax?: number;
}

/** What brokers know a producer by. */
export interface ProducerId {
  id: bigint;
  epoch: number;
}

/** The producer session with the next sequence number: brokers store a batch once however often it is sent. */
interface Session extends ProducerId {
  sequence: number;
}

/** A batch in flight. */
interface Delivery {
  /** Aborted when it is stored, or has failed for good. */
  over: AbortController;
  /** The connections of requests without a response so far. */
  unanswered: Set<ClientConnection>;
  /** How often it was sent. */
  sendings: number;
  error: unknown;
}

/** Asks for a new one. */
export async function producerId(client: ClientProducer): Promise<ProducerId> {
  const { producerId: id, producerEpoch: epoch } = await client.initIdempotentProducer({});
  return { id, epoch };
}

/**
 * Sends batches to the leader of one partition, one at a time, with the same sequence numbers until one is stored.
 * The client's own producer couples all partitions: if one fails for good, so do those in flight to others.
 */
export class PartitionDelivery {
  readonly #what: string;
  readonly #requestLimit: RequestLimit;
  #session: Session | undefined;
  /** Whether there was one before. */
  #hasBegun = false;
  /** One past the latest event that was stored. */
  #nextId = 0;
  /** Why the latest batch timed out, if it did. */
  #timeout: unknown = undefined;
  /** Whether the leader may have changed. */
  #isStale = false;
  /** How often in a row a batch was stored only under the topic's name, after the connection was closed. */
  #idRefusals = 0;
  /** A batch that may be stored, since an answer was lost, is sent in parts; "over" if the outcome stays unknown. */
  #doubt: "open" | "over" | undefined;

  constructor(private readonly settings: DeliverySettings) {
    const { cluster, topic, partition } = settings;
    this.#what = `store events in topic "${topic.name}" partition ${partition}`;
    this.#requestLimit = new RequestLimit(cluster, topic, partition);
  }

  /** What is sent from now on does not belong to the batch before. */
  begin(): void {
    // It may be stored under the next numbers.
    if (this.#doubt !== undefined) this.#session = undefined;
    this.#doubt = undefined;
  }

  /**
   * Returns the offset of the first record; throws if sending fails for good, or within the driver's timeout. If
   * the batch before timed out, the time that this one waited since `sinceMs` counts, too.
   */
  async send(batch: RecordBatch, sinceMs: number = performance.now()): Promise<number> {
    try {
      if (this.#doubt === "over") throw this.#unknownOutcome();
      const baseId = await this.#sendInTime(batch, sinceMs);
      // If the whole were stored, its first part would be out of order.
      this.#doubt = undefined;
      return baseId;
    } catch (error) {
      // A part that is refused for its size takes no numbers: the next one is judged by the same.
      const isUnchanged = this.#session !== undefined && isTooLarge(error);
      if (this.#doubt === undefined || isUnchanged) throw error;
      this.#session = undefined;
      this.#doubt = "over";
      throw error instanceof BrokerError && error.reason === OUT_OF_ORDER ? this.#unknownOutcome() : error;
    }
  }

  #unknownOutcome(): BrokerError {
    const text =
      `Cannot ${this.#what}: they may be stored, since an answer was lost, and together they are too large ` +
      "now to be sent again, which would tell; look what is stored before you push them again";
    return new BrokerError(this.settings.cluster.servers, text);
  }

  async #sendInTime(batch: RecordBatch, sinceMs: number): Promise<number> {
    const { cluster, msMax = Infinity } = this.settings;
    // 0 means no timeout.
    const deliveryMsMax = Math.min(msMax, cluster.settings.producer.deliveryMsMax || Infinity);
    const delivery: Delivery = {
      over: new AbortController(),
      unanswered: new Set(),
      sendings: 0,
      error: this.#timeout,
    };
    const beganMs = this.#timeout === undefined ? performance.now() : sinceMs;
    const leftMs = beganMs + deliveryMsMax - performance.now();
    if (leftMs <= 0) {
      // Nothing of it was sent, so nothing of it is stored, and the next one may follow at once.
      throw cluster.failure(this.#timeout, this.#what, performance.now() - beganMs);
    }
    let isLate = false;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      if (deliveryMsMax === Infinity) return;
      timer = setTimeout(() => {
        isLate = true;
        reject(delivery.error ?? new Error("no answer"));
      }, leftMs);
    });
    try {
      const baseId = await Promise.race([late, this.#sendUntil(batch, delivery)]);
      this.#timeout = undefined;
      return baseId;
    } catch (error) {
      this.#timeout = isLate ? error : undefined;
      const failure = cluster.failure(error, this.#what, performance.now() - beganMs);
      const isRefused = isTooLarge(failure);
      const mayBeStored = delivery.sendings > (failure instanceof BrokerError ? 1 : 0);
      if (isRefused && mayBeStored && batch.count > 1) this.#doubt ??= "open";
      // It may be stored: later batches must neither be taken for it nor overtake it; its parts are refused if it is.
      else if (!isRefused || mayBeStored) this.#session = undefined;
      // The topic may be another one of its name by now, which the next batch must not get into.
      if (!isRefused) this.#isStale = true;
      for (const connection of delivery.unanswered) connection.close().catch(() => {});
      throw failure;
    } finally {
      delivery.over.abort();
      clearTimeout(timer);
    }
  }

  async #sendUntil(given: RecordBatch, delivery: Delivery): Promise<number> {
    const { cluster, topic: { name }, partition } = this.settings;
    const { compression } = cluster.settings.producer;
    const time = Date.now();
    let batch = given;
    if (compression !== "none") {
      const small = await given.compressed(cluster.module.compressionsAlgorithms[compression]);
      // Compression can also make it larger.
      if (small.bytes.byteLength < given.bytes.byteLength) batch = small;
    }
    let isRenumbered = false;
    this.#requestLimit.begin();
    for (let attempt = 1;; attempt++) {
      // Before a later attempt the topic is looked for.
      const byId = attempt === 1 && this.#idRefusals < ID_REFUSALS_MAX;
      try {
        const baseId = await this.#sendOnce(batch, { time, byId }, delivery);
        if (byId) this.#idRefusals = 0;
        else if (isClosedSilently(delivery.error)) this.#idRefusals++;
        return baseId;
      } catch (error) {
        if (delivery.over.signal.aborted) throw error;
        delivery.error = error;
        // Once is what happens when a broker ends.
        if (attempt > 1 && isClosedSilently(error)) this.#requestLimit.suspect(batch);
        if (isUnknownTopic(error) && await this.#isDeleted()) throw new TopicDeletedError(name);
        if (!isRenumbered && this.#doubt === undefined && isFault(error, ...UNKNOWN_SEQUENCE)) {
          isRenumbered = true;
          this.#session = undefined;
        } else if (!isTransient(error) && !isLeaderChange(error) && !isUnknownTopic(error)) throw error;
      }
      this.#isStale = true;
      const { error } = delivery;
      await cluster.pauseBefore({ operation: this.#what, topic: name, partition, attempt, error });
      if (cluster.isClosed) throw new ClosedError("the octopus driver");
      if (delivery.over.signal.aborted) throw error;
    }
  }

  async #sendOnce(
    batch: RecordBatch,
    { time, byId }: { time: number; byId: boolean },
    delivery: Delivery,
  ): Promise<number> {
    const { cluster, client, topic, partition, silenceMs } = this.settings;
    const leader = await this.#leader();
    await this.#requestLimit.check(leader, batch);
    if (delivery.over.signal.aborted) throw new Error("too late");
    const session = this.#session ??= await this.#begin();
    if (delivery.over.signal.aborted) throw new Error("too late");
    const { id: producerId, epoch: producerEpoch, sequence } = session;
    batch.seal({ producerId, producerEpoch, sequence, time });
    delivery.sendings++;
    const storing = produce(cluster, client, leader, {
      topic,
      partition,
      batch,
      byId,
      onConnection: (connection) => {
        delivery.unanswered.add(connection);
        const answered = () => delivery.unanswered.delete(connection);
        storing.then(answered, answered);
      },
    });
    // If the leader hangs, the next one gets the same sequence number, and does not store again what it has.
    const baseId = await answerOfLeader(storing, {
      waitMs: 0,
      client,
      kafkaName: topic.kafkaName,
      node: leader.id,
      wanted: [{ partition }],
      stopped: delivery.over.signal,
      ...withoutUndefined({ silenceMs }),
    });
    this.settings.onLeader?.(true);
    session.sequence = (session.sequence + batch.count) % SEQUENCE_LIMIT;
    // Brokers take batches by the topic's name: it may be that of another topic by now.
    if (baseId < this.#nextId && await this.#isDeleted()) {
      throw new TopicDeletedError(this.settings.topic.name);
    }
    this.#nextId = baseId + batch.count;
    return baseId;
  }

  async #begin(): Promise<Session> {
    const { client, firstSession } = this.settings;
    // Sequence numbers begin at 0 in each partition, but only once with the same id.
    const { id, epoch } = await ((this.#hasBegun ? undefined : firstSession?.()) ?? producerId(client));
    this.#hasBegun = true;
    return { id, epoch, sequence: 0 };
  }

  async #leader(): Promise<Leader> {
    const { cluster, client, topic: { kafkaName, name, id: topicId }, partition } = this.settings;
    const metadata = await client.metadata({ topics: [kafkaName], forceUpdate: this.#isStale });
    this.#isStale = false;
    const topic = metadata.topics.get(kafkaName);
    const isAnother = topicId !== undefined && topic !== undefined && topic.id !== topicId;
    if (isAnother && await this.#isDeleted()) throw new TopicDeletedError(name);
    const id = topic?.partitions[partition]?.leader ?? -1;
    const place = metadata.brokers.get(id);
    if (place !== undefined) return { id, host: place.host, port: place.port };
    this.settings.onLeader?.(false);
    throw leaderless(cluster.servers, this.#what, partition);
  }

  async #isDeleted(): Promise<boolean> {
    try {
      return await isTopicDeleted(this.settings.cluster, this.settings.topic);
    } catch {
      // Checked again with the next attempt.
      return false;
    }
  }
}
