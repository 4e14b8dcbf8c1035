import { BrokerError, type CorruptedLogError, PartitionMovedError } from "../../../errors.ts";
import type { ConsumerInterface, ConsumerRequest, IncomingBatch, StartPosition } from "../../../contract.ts";
import { type Assignment, LoneAssignment, ManualAssignment, type Reassignment } from "./assignment.ts";
import { ChangeSignal } from "./change_signal.ts";
import { type ConsumerTopic, queueOf } from "./consumer_topic.ts";
import { Fetcher } from "../fetch/fetcher.ts";
import { Group } from "./group.ts";
import type { PartitionQueue } from "../fetch/partition_queue.ts";
import { PositionStore } from "./position_store.ts";
import { StartPositions } from "./start_positions.ts";

/** How long one read waits for known events, besides the time that brokers may wait for more, in milliseconds. */
const READ_MS_MAX = 20_000;
/** How long to wait again for a partition that was found without a leader before. */
const RETRY_WAIT_MS = 10_000;
/** How often the positions of a consumer without a group are renewed. */
const RENEW_MS = 600_000;

/** Reads a topic, alone or as a member of a group. */
export class KafkaConsumer implements ConsumerInterface {
  readonly #name: string;
  readonly #topic: ConsumerTopic;
  readonly #request: ConsumerRequest;
  readonly #assignment: Assignment;
  readonly #positions: PositionStore;
  readonly #starts: StartPositions;
  readonly #fetcher: Fetcher;
  readonly #queues = new Map<number, PartitionQueue>();
  /** The assigned partitions, in order. */
  #assigned: readonly number[] = [];
  readonly #news = new ChangeSignal();
  #fault: unknown = undefined;
  #reassigning: Promise<void> = Promise.resolve();
  #generation = 0;
  #isFetching = false;
  #opening = true;
  #closed = false;

  constructor(topic: ConsumerTopic, name: string, request: ConsumerRequest) {
    this.#name = name;
    const { cluster, offsets } = topic;
    this.#topic = topic;
    this.#request = request;
    this.#starts = new StartPositions(topic, request.from);
    const epochBefore = (partition: number, id: number) =>
      this.#queues.get(partition)?.epochs.before(id) ?? -1;
    const onReassigned = (change: Reassignment) => this.#onReassigned(change);
    const onFailure = (error: unknown) => this.#onFailure(error);
    this.#assignment = request.partitions !== undefined
      ? new ManualAssignment(name, topic, request.partitions, epochBefore)
      : request.group === false
      ? new LoneAssignment(name, topic, epochBefore, onReassigned)
      : new Group(cluster, name, topic, { onReassigned, onFailure, epochBefore }, request.groupTimeoutMs);
    this.#positions = new PositionStore(name, offsets, this.#assignment);
    this.#fetcher = new Fetcher({
      cluster,
      offsets,
      topic,
      consumer: name,
      responsesMax: request.batchesMax ?? 2,
      onNews: () => this.#news.announce(),
      place: (queue) => this.#findStart(queue),
      onCutOff: (partition, id) => {
        topic.highWatermarks.cutOff(partition, id);
        this.#positions.cutOff(partition, id);
      },
    });
  }

  get assigned(): readonly number[] {
    return this.#assigned;
  }

  async open(): Promise<void> {
    await this.#starts.open();
    const isKnown = this.#generation > 0 || this.#assignment instanceof ManualAssignment;
    await this.#assignment.open();
    if (isKnown) this.#onReassigned({ kept: [], gained: this.#assignment.assigned, lost: [] });
    await this.#reassigning;
    if (this.#fault !== undefined) this.#report();
    this.#opening = false;
    if (!(this.#assignment instanceof Group) && !this.#closed) this.#positions.renewEvery(RENEW_MS);
  }

  read(partition: number, eventsMax: number): IncomingBatch | undefined | Promise<IncomingBatch | undefined> {
    this.#report();
    const queue = this.#queues.get(partition);
    if (queue === undefined) return undefined;
    this.#startFetching();
    const batch = this.#take(queue, eventsMax);
    if (
      batch !== undefined || queue.isStopped ||
      queue.fetchOffset >= this.#topic.highWatermarks.of(partition)
    ) {
      return batch;
    }
    return this.#awaitEvents(queue).then(() => {
      if (!this.#has(queue)) return undefined;
      this.#report();
      return this.#take(queue, eventsMax);
    });
  }

  async waitForEvents(signal: AbortSignal): Promise<void> {
    this.#startFetching();
    await this.#news.until(() => signal.aborted || this.#hasNews(), signal);
    // Without a partition, no reader would get it.
    if (this.#queues.size === 0 && !signal.aborted) this.#report();
  }

  reach(partition: number): Promise<void> | undefined {
    const queue = this.#queues.get(partition);
    return queue?.isStopped === true ? this.#awaitAvailability(queue) : undefined;
  }

  acknowledge(partition: number, nextId: number): void | Promise<void> {
    // Without an explicit group, late acknowledgements are still accepted, unless the next owner has got as far.
    if (this.#request.group === true && !this.#assignment.assigned.includes(partition)) {
      throw new PartitionMovedError(this.#name, partition);
    }
    if (this.#queues.get(partition)?.hasLost(nextId)) return;
    return this.#positions.acknowledge(partition, nextId);
  }

  async seek(partitions: readonly number[], to: StartPosition, store: boolean): Promise<void> {
    // A program waits for a leader as long as its reads do.
    const positions = await this.#topic.offsets.resolve(partitions, to, { leaderlessMsMax: READ_MS_MAX });
    if (store) await this.#positions.set(positions);
    for (const [partition, position] of positions) {
      this.#topic.highWatermarks.raise(partition, position);
      this.#queues.get(partition)?.seek(position);
    }
    this.#restart();
  }

  position(partition: number): number {
    return this.#queues.get(partition)?.position ?? 0;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#news.close();
    await this.#reassigning;
    await this.#fetcher.close();
    await this.#positions.close();
    await this.#assignment.close();
    this.#assign([]);
  }

  #take(queue: PartitionQueue, eventsMax: number): IncomingBatch | undefined {
    const { onCorruption, onDamage } = this.#request;
    const before = queue.responses;
    const onSkip = onCorruption === "skip" ? (error: CorruptedLogError) => onDamage?.(error) : undefined;
    const batch = queue.take(eventsMax, onSkip);
    if (queue.responses < before) this.#fetcher.refill();
    return batch;
  }

  /** Waits for events that are known to exist, or until it turns out that they do not. */
  async #awaitEvents(queue: PartitionQueue): Promise<void> {
    const { cluster, name, highWatermarks } = this.#topic;
    const msMax = READ_MS_MAX + cluster.settings.fetch.waitMsMax;
    // A response to any later request reflects everything known now.
    const { requests } = this.#fetcher;
    const isSo = () =>
      queue.hasNews || queue.isStopped || this.#hasFault || !this.#has(queue) ||
      (queue.lastResponse > requests && queue.reaches(highWatermarks.of(queue.partition))) ||
      queue.fetchOffset >= highWatermarks.of(queue.partition);
    while (!await this.#news.untilOrTimeout(isSo, msMax)) {
      // Over a slow connection, or with a quota, its turn comes when the others have as much as they may.
      if (this.#fetcher.hasReceivedWithin(msMax)) continue;
      const what = `read topic "${name}" partition ${queue.partition}`;
      throw cluster.failure(this.#fetcher.silence(what, msMax), what, msMax);
    }
  }

  /** Waits until an unavailable partition is available or there is other news; throws after a timeout. */
  async #awaitAvailability(queue: PartitionQueue): Promise<void> {
    if (queue.obstacle !== undefined) throw queue.obstacle;
    const { cluster, name } = this.#topic;
    const sinceMs = queue.trouble?.sinceMs ?? performance.now();
    const isSo = await this.#news.untilOrTimeout(
      () => !queue.isUnavailable || this.#hasNews() || !this.#has(queue),
      // Callers that try again after an error grant the broker some time to come back.
      Math.max(sinceMs + READ_MS_MAX - performance.now(), RETRY_WAIT_MS),
    );
    if (isSo) return;
    const what = `read topic "${name}" partition ${queue.partition}`;
    throw cluster.failure(queue.trouble?.error ?? new Error("no answer"), what, performance.now() - sinceMs);
  }

  #has(queue: PartitionQueue): boolean {
    return this.#queues.get(queue.partition) === queue;
  }

  get #hasFault(): boolean {
    return this.#fetcher.hasFault || this.#fault !== undefined;
  }

  #hasNews(): boolean {
    return this.#hasFault || [...this.#queues.values()].some(({ hasNews }) => hasNews);
  }

  /** Throws an error that is to be reported, once. */
  #report(): void {
    const fault = this.#fetcher.takeFault() ?? this.#fault;
    if (fault === undefined) return;
    if (fault === this.#fault) this.#fault = undefined;
    throw fault;
  }

  /** Nothing is fetched before the first read, so that events trimmed until then are not delivered. */
  #startFetching(): void {
    if (this.#isFetching || this.#closed) return;
    this.#isFetching = true;
    this.#fetcher.restart([...this.#queues.values()]);
    this.#fetcher.start();
  }

  #restart(): void {
    if (this.#isFetching) this.#fetcher.restart([...this.#queues.values()]);
  }

  #onReassigned({ kept, gained, lost }: Reassignment): void {
    const generation = ++this.#generation;
    for (const partition of lost) {
      this.#queues.delete(partition);
      this.#request.release?.(partition);
    }
    this.#assign(this.#assigned.filter((partition) => kept.includes(partition)));
    this.#positions.markReassigned([...lost, ...(this.#assignment instanceof Group ? gained : [])]);
    this.#restart();
    this.#news.announce();
    this.#reassigning = this.#reassigning.then(() => this.#retryEnter(generation, kept, gained));
  }

  /** Retries until it succeeds or is superseded; meanwhile readers get the error. */
  async #retryEnter(generation: number, kept: readonly number[], gained: readonly number[]): Promise<void> {
    const { cluster, name } = this.#topic;
    for (let attempt = 1; !this.#closed && generation === this.#generation; attempt++) {
      try {
        return await this.#enter(generation, kept, gained);
      } catch (error) {
        this.#onFailure(error);
        // The caller of open() gets the error, and may open the consumer again.
        if (this.#opening) return;
        await cluster.pauseBefore({ operation: `enter topic "${name}"`, topic: name, attempt, error });
      }
    }
  }

  /** Finds the start positions of newly assigned partitions. */
  async #enter(generation: number, kept: readonly number[], gained: readonly number[]): Promise<void> {
    // If rebalances overlap, a partition that the later one calls kept may not have been entered.
    const missing = kept.filter((partition) => !this.#queues.has(partition));
    const entered = [...gained, ...missing];
    if (gained.length > 0 && this.#assignment instanceof Group) await this.#assignment.takeOver();
    if (generation !== this.#generation || this.#closed) return;
    const stored = await this.#positions.load(entered);
    const starts = await this.#starts.of(entered.filter((partition) => !stored.has(partition)));
    if (generation !== this.#generation || this.#closed) return;
    for (const partition of entered) {
      const start = stored.get(partition) ?? { position: starts.get(partition), epoch: -1 };
      this.#queues.set(partition, queueOf(this.#topic, partition, start));
    }
    this.#assign([...kept, ...gained].sort((one, other) => one - other));
    this.#restart();
    this.#news.announce();
  }

  /** Finds the start position in a partition that had no leader before. */
  async #findStart(queue: PartitionQueue): Promise<void> {
    const { partition } = queue;
    const position = await this.#starts.find(partition);
    if (position === undefined) {
      throw new BrokerError(this.#topic.cluster.servers, "no answer yet", { canRetry: true });
    }
    // A seek may have happened in the meantime.
    if (queue.hasPosition) return;
    this.#starts.set(partition, position);
    queue.seek(position);
  }

  #assign(partitions: readonly number[]): void {
    const isChanged = String(partitions) !== String(this.#assigned);
    this.#assigned = partitions;
    if (isChanged && this.#assignment instanceof Group) this.#request.onAssigned?.(partitions);
  }

  #onFailure(error: unknown): void {
    this.#fault = this.#topic.cluster.failure(error, `read topic "${this.#topic.name}"`, 0);
    this.#news.announce();
  }
}
