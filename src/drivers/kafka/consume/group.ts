import { BrokerError, PartitionMovedError } from "../../../errors.ts";
import type { Assignment, Reassignment } from "./assignment.ts";
import type { Admin, ClientConsumer } from "../client.ts";
import { type BrokerAddress, FENCED } from "../client/client_internals.ts";
import type { Cluster } from "../client/cluster.ts";
import { commitPositions, type EpochBefore, type Positions } from "../offsets/commit.ts";
import { isFault, isTransient } from "../client/failure.ts";
import { type InstanceId, takeInstanceId } from "./instance_id.ts";
import { findCoordinator } from "../client/moved_coordinator.ts";
import { PartitionWatch } from "./partition_watch.ts";
import { RESEND_AFTER_MS } from "../client/known_brokers.ts";

/** How long a commit is retried, in milliseconds. */
const COMMIT_MS_MAX = 30_000;
/** How long closing waits for the coordinator, in milliseconds: one that hangs is replaced within that time. */
const LEAVE_MS_MAX = 15_000;
/** A rebalance takes no longer than this, unless a member hangs. */
const SETTLE_MS_MAX = 60_000;

/** How long the owners before have to store what they acknowledged while a partition moved, in milliseconds. */
const HAND_OVER_MS = 200;

/** Errors during or after a rebalance. */
const CHANGING = ["REBALANCE_IN_PROGRESS", "ILLEGAL_GENERATION", "UNKNOWN_MEMBER_ID", FENCED];

/** Callbacks of a group. */
interface GroupListener {
  /** After a rebalance. */
  onReassigned(change: Reassignment): void;
  /** The membership was lost and cannot be regained for now. */
  onFailure(error: unknown): void;
  epochBefore: EpochBefore;
}

/** A member of a consumer group, formed by all consumers of a name in all processes. */
export class Group implements Assignment {
  readonly #client: ClientConsumer;
  readonly #instance: InstanceId | undefined;
  readonly #watch: PartitionWatch;
  #assigned: readonly number[] = [];
  #member: { id: string | null; generation: number } = { id: null, generation: -1 };
  #settled: (() => void)[] = [];
  #closed = false;
  #opening = true;

  constructor(
    private readonly cluster: Cluster,
    name: string,
    private readonly topic: { name: string; kafkaName: string; id?: string; numPartitions: number },
    private readonly listener: GroupListener,
    timeoutMs: number | undefined,
  ) {
    this.#client = cluster.consumer(name, undefined, timeoutMs);
    this.#watch = new PartitionWatch({
      count: topic.numPartitions,
      ageMsMax: cluster.settings.client.metadataMaxAge,
      look: async () => {
        const metadata = await this.#client.metadata({ topics: [topic.kafkaName], forceUpdate: true });
        return metadata.topics.get(topic.kafkaName)?.partitionsCount ?? 0;
      },
      onMore: () => this.#client.joinGroup({}),
    });
    const { groupInstanceId } = cluster.settings.group;
    if (groupInstanceId !== undefined) {
      const place = { servers: cluster.servers, group: name, kafkaName: topic.kafkaName };
      this.#instance = takeInstanceId(groupInstanceId, place);
      this.#client.groupInstanceId = this.#instance.id;
    }
    this.#client.topics.track(topic.kafkaName);
    this.#client.on("consumer:group:join", () => this.#onJoined());
    this.#client.on("consumer:heartbeat:error", ({ error }) => {
      // The client goes on trying, silently; meanwhile the coordinator takes this member for dead.
      if (this.#closed || isTransient(error)) return;
      if (isFault(error, FENCED)) this.#lose();
      this.listener.onFailure(this.#failure(error));
    });
    // Emitted when rejoining after a rebalance failed for good.
    this.#client.on("error" as "client:close", ((error: unknown) => this.#onLost(error)) as () => void);
  }

  get assigned(): readonly number[] {
    return this.#assigned;
  }

  async open(): Promise<void> {
    if (!this.#opening) return;
    await this.cluster.run(
      `join the consumers of "${this.#client.groupId}"`,
      () => this.#client.joinGroup({}),
    );
    this.#opening = false;
    this.#watch.start();
  }

  /**
   * Waits before the positions of gained partitions are read, unless there is no other owner: brokers refuse to store
   * any while partitions move, and members hear of that one after the other.
   */
  async takeOver(): Promise<void> {
    if (this.#assigned.length < this.#watch.count) await this.cluster.pause(HAND_OVER_MS);
  }

  async commit(
    positions: Positions,
    epochBefore: EpochBefore = this.listener.epochBefore,
    left?: () => Promise<Positions>,
  ): Promise<void> {
    const beganMs = performance.now();
    // How long to ask the cluster for the coordinator, in milliseconds; undefined: the client knows it.
    let findMs: number | undefined;
    for (let attempt = 1;; attempt++) {
      const { generation } = this.#member;
      try {
        return await this.#commit(positions, epochBefore, findMs);
      } catch (error) {
        const triedMs = performance.now() - beganMs;
        const isChanging = isFault(error, ...CHANGING);
        if (this.#closed || !(isChanging || isTransient(error)) || triedMs > COMMIT_MS_MAX) {
          throw this.cluster.failure(error, this.#committing, triedMs);
        }
        // The client hears later of a new coordinator.
        findMs = isChanging ? undefined : COMMIT_MS_MAX - triedMs;
        // The rebalance may be over before the response about it arrives.
        if (isChanging) await this.#settle(generation);
        else {
          const operation = this.#committing;
          await this.cluster.pauseBefore({ operation, topic: this.topic.name, attempt, error });
        }
        const moved = [...positions.keys()].find((partition) => !this.#assigned.includes(partition));
        if (moved !== undefined) throw new PartitionMovedError(this.#client.groupId, moved);
        if (left !== undefined) positions = await left();
        if (positions.size === 0) return;
      }
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#watch.close();
    this.#release();
    const leaving = async () => await this.#client.leaveGroup(true);
    try {
      // First, since closing alone would let a join that is under way complete, and its heartbeats go on.
      await this.cluster.within(LEAVE_MS_MAX, leaving());
    } catch {
      // Closing tries again, unless there was no answer: then the coordinator will notice the missing heartbeats.
    }
    try {
      await this.#client.close(true);
    } catch {
      // The coordinator is unavailable, and will notice the missing heartbeats.
    } finally {
      this.#instance?.release();
    }
  }

  /** Waits for the next rebalance after a generation to complete, usually within a moment. */
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
    // A member that missed a generation may have missed that its partition was assigned to another member.
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
    this.#lose();
    if (isFault(error, FENCED)) this.listener.onFailure(this.#failure(error));
    // With the member id that was fenced, until the other member is gone.
    void this.#joinAgain(error);
  }

  #lose(): void {
    const lost = this.#assigned;
    this.#assigned = [];
    this.#member = { id: null, generation: -1 };
    if (lost.length > 0) this.listener.onReassigned({ kept: [], gained: [], lost });
    this.#release();
  }

  #failure(error: unknown): unknown {
    if (!isFault(error, FENCED)) return error;
    return new BrokerError(
      this.cluster.servers,
      `Cannot read topic "${this.topic.name}" as "${this.#client.groupId}": another process has the same ` +
        `"group.instance.id", and took the partitions; give each process one of its own`,
      { cause: error, reason: FENCED },
    );
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
        if (attempt > 3) this.listener.onFailure(this.#failure(error));
      }
    }
  }

  /** One attempt, in the known generation: the client's own method would continue in any other. */
  async #commit(
    positions: Positions,
    epochBefore: EpochBefore,
    findMs: number | undefined,
  ): Promise<void> {
    const client = this.#client;
    const { generationId, memberId, groupInstanceId } = client;
    const broker = await (findMs === undefined ? this.#knownCoordinator() : this.#findCoordinator(findMs));
    if (broker === undefined) {
      client.clearMetadata();
      throw new BrokerError(this.cluster.servers, "no coordinator", { canRetry: true });
    }
    const member = { generation: generationId, id: memberId ?? "", instance: groupInstanceId };
    const { topic } = this;
    const committing = commitPositions(
      this.cluster,
      { group: client.groupId, member, topic, positions, epochBefore },
      (request) => this.cluster.request(client, broker, request),
    );
    await this.cluster.within(RESEND_AFTER_MS, committing);
  }

  /** What a commit does, for errors. */
  get #committing(): string {
    return `store the position of "${this.#client.groupId}" in topic "${this.topic.name}"`;
  }

  /** The one that the client knows. */
  async #knownCoordinator(): Promise<BrokerAddress | undefined> {
    const node = await this.#client.findGroupCoordinator();
    return (await this.#client.metadata({ topics: [] })).brokers.get(node);
  }

  /** The one that the cluster names. */
  async #findCoordinator(msMax: number): Promise<BrokerAddress | undefined> {
    const { cluster, cluster: { module } } = this;
    const find = (admin: Admin) => findCoordinator(admin, module, this.#client.groupId);
    try {
      return await cluster.run(this.#committing, find, msMax);
    } catch (failure) {
      // The error is to say how long all attempts took.
      throw (failure as Error).cause ?? failure;
    }
  }
}
