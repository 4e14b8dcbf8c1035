import { createHash } from "node:crypto";
import { BrokerError, PartitionMovedError } from "../../errors.ts";
import type { Assignment, Reassignment } from "./assignment.ts";
import type { ClientConsumer } from "./client.ts";
import type { Cluster } from "./cluster.ts";
import { isFault, isPassing } from "./failure.ts";

/** How long storing a position is tried, in milliseconds. */
const COMMIT_MS_MAX = 30_000;
/** A rebalance ends sooner than that, unless a member hangs. */
const SETTLE_MS_MAX = 60_000;

/** Answers that say that the members of the group changed, or are changing. */
const CHANGING = ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", "FENCED_INSTANCE_ID"];

/** What a group tells its consumer. */
export interface GroupListener {
  /** Other partitions. */
  onReassigned(change: Reassignment): void;
  /** The membership is lost, and cannot be had again for now. */
  onFailure(error: unknown): void;
}

/** A member of the group that all consumers of a name make up, over all processes. */
export class Group implements Assignment {
  readonly #client: ClientConsumer;
  readonly #instance: InstanceId | undefined;
  #assigned: readonly number[] = [];
  #member: { id: string | null; generation: number } = { id: null, generation: -1 };
  #settled: (() => void)[] = [];
  #closed = false;
  #opening = true;

  constructor(
    private readonly cluster: Cluster,
    name: string,
    private readonly topic: { name: string; kafkaName: string },
    private readonly listener: GroupListener,
    timeoutMs: number | undefined,
  ) {
    this.#client = cluster.consumer(name, undefined, timeoutMs);
    const { groupInstanceId } = cluster.settings.group;
    if (groupInstanceId !== undefined) {
      const place = { servers: cluster.servers, group: name, kafkaName: topic.kafkaName };
      this.#instance = takeInstanceId(groupInstanceId, place);
      this.#client.groupInstanceId = this.#instance.id;
    }
    this.#client.topics.track(topic.kafkaName);
    this.#client.on("consumer:group:join", () => this.#onJoined());
    // Reported when joining again, after the members changed, failed for good.
    this.#client.on("error" as "client:close", ((error: unknown) => this.#onLost(error)) as () => void);
  }

  get assigned(): readonly number[] {
    return this.#assigned;
  }

  /** Number of the group's latest change that this member knows of. */
  get generation(): number {
    return this.#member.generation;
  }

  async open(): Promise<void> {
    await this.cluster.run(
      `join the consumers of "${this.#client.groupId}"`,
      () => this.#client.joinGroup({}),
    );
    this.#opening = false;
  }

  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const beganMs = Date.now();
    const what = `store the position of "${this.#client.groupId}"`;
    for (let attempt = 1;; attempt++) {
      const { generation } = this.#member;
      try {
        return await this.#commit(positions);
      } catch (error) {
        const triedMs = Date.now() - beganMs;
        const isChanging = isFault(error, ...CHANGING);
        if (this.#closed || !(isChanging || isPassing(error)) || triedMs > COMMIT_MS_MAX) {
          throw this.cluster.failure(error, what, triedMs);
        }
        // The change may be over before the answer that tells of it comes.
        if (isChanging) await this.#settle(generation);
        else await this.cluster.pauseBefore({ operation: what, topic: this.topic.name, attempt, error });
        const moved = [...positions.keys()].find((partition) => !this.#assigned.includes(partition));
        if (moved !== undefined) throw new PartitionMovedError(this.#client.groupId, moved);
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#release();
    try {
      await this.#client.close(true);
    } catch {
      // The coordinator is away, and will miss us by itself.
    } finally {
      this.#instance?.release();
    }
  }

  /** Waits until the group has settled after a generation; the members agree within a moment, as a rule. */
  async #settle(generation: number): Promise<void> {
    if (this.#closed || this.#member.generation > generation) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    await new Promise<void>((resolve) => {
      this.#settled.push(resolve);
      timer = setTimeout(resolve, SETTLE_MS_MAX);
    });
    clearTimeout(timer);
  }

  #release(): void {
    const settled = this.#settled;
    this.#settled = [];
    for (const wake of settled) wake();
  }

  #onJoined(): void {
    const before = this.#assigned;
    const { memberId: id, generationId: generation } = this.#client;
    const now = (this.#client.assignments ?? []).filter(({ topic }) => topic === this.topic.kafkaName)
      .flatMap(({ partitions }) => partitions).sort((one, other) => one - other);
    // Who missed a change may have missed that another member had the partition meanwhile.
    const missedNone = this.#member.id === id && generation === this.#member.generation + 1;
    this.#member = { id, generation };
    this.#assigned = now;
    const kept = missedNone ? now.filter((partition) => before.includes(partition)) : [];
    this.listener.onReassigned({
      kept,
      gained: now.filter((partition) => !kept.includes(partition)),
      lost: before.filter((partition) => !kept.includes(partition)),
    });
    this.#release();
  }

  #onLost(error: unknown): void {
    if (this.#closed || this.#opening) return;
    const lost = this.#assigned;
    this.#assigned = [];
    this.#member = { id: null, generation: -1 };
    this.listener.onReassigned({ kept: [], gained: [], lost });
    // Another process has this id now: joining again would shut that one out, and so on.
    if (isFault(error, "FENCED_INSTANCE_ID")) this.listener.onFailure(error);
    else void this.#joinAgain(error);
  }

  async #joinAgain(error: unknown): Promise<void> {
    const operation = `join the consumers of "${this.#client.groupId}"`;
    for (let attempt = 1; !this.#closed; attempt++) {
      await this.cluster.pauseBefore({ operation, topic: this.topic.name, attempt, error });
      try {
        await this.#client.joinGroup({});
        return;
      } catch (again) {
        error = again ?? error;
        if (attempt > 3) this.listener.onFailure(error);
      }
    }
  }

  /** One attempt, in the generation that is known: the client's own way would go on in any other. */
  async #commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const client = this.#client;
    const { generationId, memberId, groupInstanceId } = client;
    const node = await client.findGroupCoordinator();
    const metadata = await client.metadata({ topics: [] });
    const broker = metadata.brokers.get(node);
    if (broker === undefined) {
      client.clearMetadata();
      throw new BrokerError(this.cluster.servers, "no coordinator", { canRetry: true });
    }
    const topics = [{
      name: this.topic.kafkaName,
      partitions: Array.from(positions, ([partitionIndex, offset]) => ({
        partitionIndex,
        committedOffset: BigInt(offset),
        committedLeaderEpoch: -1,
        committedMetadata: null,
      })),
    }];
    await this.cluster.ask(client, broker, {
      name: "OffsetCommit",
      parameters: [client.groupId, generationId, memberId ?? "", groupInstanceId, topics],
    });
  }
}

/** No broker takes a longer id. */
const CHARS_MAX = 249;

/** Numbers of the members that are open in this process, by what their ids begin with. */
const taken = new Map<string, Set<number>>();

/** Where a member is, all of whose members have ids of their own. */
export interface MemberPlace {
  servers: string;
  group: string;
  kafkaName: string;
}

/** The id of one member, until it is released. */
export interface InstanceId {
  id: string;
  release(): void;
}

/**
 * An id for one member of a group, made from `group.instance.id`: by topic and by number, since brokers take two
 * members under one id for one that came back, and shut the first one out. The number is the lowest that no open
 * consumer of this process has, so that a program that begins again gives everybody the same id.
 */
export function takeInstanceId(base: string, { servers, group, kafkaName }: MemberPlace): InstanceId {
  const key = JSON.stringify([servers, group, kafkaName, base]);
  const numbers = taken.get(key) ?? new Set<number>();
  taken.set(key, numbers);
  let number = 1;
  while (numbers.has(number)) number++;
  numbers.add(number);
  return {
    id: fitted(`${base}-${number}-${kafkaName}`),
    release: () => {
      numbers.delete(number);
      if (numbers.size === 0 && taken.get(key) === numbers) taken.delete(key);
    },
  };
}

function fitted(id: string): string {
  if (id.length <= CHARS_MAX) return id;
  const digest = createHash("sha256").update(id).digest("hex");
  return `${id.slice(0, CHARS_MAX - digest.length - 1)}-${digest}`;
}
