import type { GroupMember } from "../../contract.ts";
import { BrokerError, ConsumerInUseError } from "../../errors.ts";
import { withoutUndefined } from "../../options.ts";
import type { Cluster } from "./cluster.ts";
import { commitAlone, committed, type EpochBefore } from "./commit.ts";
import { findMembers } from "./members.ts";

/** Which partitions a consumer reads, and for which group it commits positions. */
export interface Assignment {
  /** The current partitions, in order. */
  readonly assigned: readonly number[];
  /** Resolves when the partitions are known. */
  open(): Promise<void>;
  /** Commits positions: the next offset by partition. */
  commit(positions: ReadonlyMap<number, number>): Promise<void>;
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
    private readonly topic: { cluster: Cluster; name: string; kafkaName: string },
    readonly assigned: readonly number[],
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

  async commit(positions: ReadonlyMap<number, number>): Promise<void> {
    const { cluster, kafkaName } = this.topic;
    try {
      await commitAlone(cluster, {
        group: this.name,
        topic: committed(kafkaName, positions, this.epochBefore),
      });
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
