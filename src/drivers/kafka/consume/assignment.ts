import type { Group as DescribedGroup } from "@platformatic/kafka";
import type { GroupMember } from "../../../contract.ts";
import { BrokerError, ConsumerInUseError } from "../../../errors.ts";
import { withoutUndefined } from "../../../options.ts";
import type { Cluster } from "../client/cluster.ts";
import { commitAlone, type EpochBefore, type Positions } from "../offsets/commit.ts";
import type { ConsumerTopic } from "./consumer_topic.ts";
import { findTopic } from "../client/metadata.ts";
import { PartitionWatch } from "./partition_watch.ts";

/** Which partitions a consumer reads, and for which group it commits positions. */
export interface Assignment {
  /** The current partitions, in order. */
  readonly assigned: readonly number[];
  /** Resolves when the partitions are known. */
  open(): Promise<void>;
  /**
   * Commits positions: the next offset by partition; `epochBefore` is that of what was read, by default. Where it waits
   * until partitions have moved, another member may commit later ones meanwhile: `left` says what to commit then.
   */
  commit(positions: Positions, epochBefore?: EpochBefore, left?: () => Promise<Positions>): Promise<void>;
  /** Leaves the group, or gives up the partitions. */
  close(): Promise<void>;
}

/** How a rebalance changed the partitions. */
export interface Reassignment {
  /** Assigned before and after, and to no one else in between. */
  kept: readonly number[];
  /** Newly assigned: read from the committed position. */
  gained: readonly number[];
  /** Revoked: assigned to another member now. */
  lost: readonly number[];
}

/** Reads the requested partitions, without a group. */
export class ManualAssignment implements Assignment {
  constructor(
    private readonly name: string,
    private readonly topic: { cluster: Cluster; name: string; kafkaName: string; id?: string },
    public assigned: readonly number[],
    private readonly epochBefore: EpochBefore,
  ) {}

  /**
   * A name is used in one mode only; if the brokers do not reveal who uses it, the first acknowledgement fails.
   */
  async open(): Promise<void> {
    let members: GroupMember[];
    try {
      members = await findMembers(this.topic, this.name);
    } catch (error) {
      if (error instanceof BrokerError && error.reason === "GROUP_AUTHORIZATION_FAILED") return;
      throw error;
    }
    if (members.length > 0) throw new ConsumerInUseError(this.name, this.topic.name, "group");
  }

  async commit(positions: Positions, epochBefore = this.epochBefore): Promise<void> {
    const { name: group, topic } = this;
    try {
      await commitAlone(topic.cluster, { group, topic, positions, epochBefore });
    } catch (error) {
      throw isInUse(error)
        ? new ConsumerInUseError(this.name, this.topic.name, "group", { cause: error })
        : error;
    }
  }

  close(): Promise<void> {
    return Promise.resolve();
  }
}

/** Reads all partitions without a group, also those that are added meanwhile. */
export class LoneAssignment extends ManualAssignment {
  readonly #all: ConsumerTopic["partitions"];
  readonly #watch: PartitionWatch;

  constructor(
    name: string,
    topic: ConsumerTopic,
    epochBefore: EpochBefore,
    onReassigned: (change: Reassignment) => void,
  ) {
    super(name, topic, topic.partitions.numbers, epochBefore);
    const { cluster, kafkaName, id, partitions } = topic;
    this.#all = partitions;
    this.#watch = new PartitionWatch({
      count: 0,
      ageMsMax: cluster.settings.client.metadataMaxAge,
      look: async () => {
        const found = await findTopic(cluster, kafkaName);
        // Another one of that name is not read.
        return found?.id === id ? found.numPartitions : 0;
      },
      onMore: (count) => {
        partitions.see(count);
        const kept = this.assigned;
        const gained = partitions.numbers.slice(kept.length);
        if (gained.length === 0) return;
        this.assigned = partitions.numbers;
        onReassigned({ kept, gained, lost: [] });
      },
    });
  }

  override async open(): Promise<void> {
    await super.open();
    this.assigned = this.#all.numbers;
    this.#watch.start();
  }

  override close(): Promise<void> {
    this.#watch.close();
    return super.close();
  }
}

const MEMBER_FAULTS = [
  "UNKNOWN_MEMBER_ID",
  "ILLEGAL_GENERATION",
  "REBALANCE_IN_PROGRESS",
  "NON_EMPTY_GROUP",
  "GROUP_SUBSCRIBED_TO_TOPIC",
  "FENCED_MEMBER_EPOCH",
  "STALE_MEMBER_EPOCH",
];

/** Whether a commit was rejected because the name is now used by a group. */
function isInUse(error: unknown): error is BrokerError {
  return error instanceof BrokerError && MEMBER_FAULTS.includes(error.reason ?? "");
}

/** The error for committing under a name that is now used by a group; undefined for another error. */
export function inUse(error: unknown, name: string): BrokerError | undefined {
  if (!isInUse(error)) return undefined;
  return new BrokerError(
    error.brokers,
    `Cannot change the position of consumer "${name}" from outside: consumers of that name are open and share ` +
      "the topic's partitions; close them first, or seek one of them",
    { cause: error, canRetry: true, ...withoutUndefined({ reason: error.reason }) },
  );
}

/** The members of a name's group that read a topic. */
export async function findMembers(
  { cluster, name, kafkaName }: { cluster: Cluster; name: string; kafkaName: string },
  consumerName: string,
): Promise<GroupMember[]> {
  const what = `find out who shares topic "${name}" as "${consumerName}"`;
  const groups = await cluster.ask(what, (admin) => admin.describeGroups({ groups: [consumerName] }));
  return membersOf(groups.get(consumerName), kafkaName);
}

/** The members of a group that read a topic, and their partitions of it. */
function membersOf(group: DescribedGroup | undefined, kafkaName: string): GroupMember[] {
  const members: GroupMember[] = [];
  for (const [id, { clientHost, assignments, metadata }] of group?.members ?? []) {
    const partitions = assignments?.get(kafkaName)?.partitions ?? [];
    if (metadata?.topics?.includes(kafkaName) === false && partitions.length === 0) continue;
    members.push({
      id,
      host: clientHost.replace(/^\//, ""),
      partitions: [...partitions].sort((one, other) => one - other),
    });
  }
  return members;
}
