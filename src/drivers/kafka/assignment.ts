import type { GroupMember } from "../../contract.ts";
import { BrokerError, ConsumerInUseError } from "../../errors.ts";
import { withoutUndefined } from "../../options.ts";
import type { Cluster } from "./cluster.ts";
import { findMembers } from "./members.ts";
import type { Offsets } from "./offsets.ts";

/** Which partitions a consumer reads, and on whose behalf it stores positions. */
export interface Assignment {
  /** The partitions now, in order. */
  readonly assigned: readonly number[];
  /** Resolves when the partitions are known. */
  open(): Promise<void>;
  /** Stores positions: the next offset by partition. */
  commit(positions: ReadonlyMap<number, number>): Promise<void>;
  /** Gives the partitions up. */
  close(): Promise<void>;
}

/** What became of the partitions when the members of a group changed. */
export interface Reassignment {
  /** Read before and still; no one else had them in between. */
  kept: readonly number[];
  /** To be read from the stored position on. */
  gained: readonly number[];
  /** Another member reads them now. */
  lost: readonly number[];
}

/** Reads the partitions it was asked to, and shares them with no one. */
export class ManualAssignment implements Assignment {
  constructor(
    private readonly name: string,
    private readonly topic: { cluster: Cluster; name: string; kafkaName: string; offsets: Offsets },
    readonly assigned: readonly number[],
  ) {}

  /** A name is used one way; where the brokers do not say who uses it, an acknowledgement tells. */
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
    try {
      await this.topic.offsets.store(this.name, positions);
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

/** Whether positions are refused because consumers share the partitions under that name now. */
function isInUse(error: unknown): error is BrokerError {
  return error instanceof BrokerError && MEMBER_FAULTS.includes(error.reason ?? "");
}

/** The error for positions of a name under which consumers share partitions now; undefined for another one. */
export function inUse(error: unknown, name: string): BrokerError | undefined {
  if (!isInUse(error)) return undefined;
  return new BrokerError(
    error.brokers,
    `Cannot change the position of consumer "${name}" from outside: consumers of that name are open and share ` +
      "the topic's partitions; close them first, or seek one of them",
    { cause: error, canRetry: true, ...withoutUndefined({ reason: error.reason }) },
  );
}
