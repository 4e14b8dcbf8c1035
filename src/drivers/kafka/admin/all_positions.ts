import { BrokerError } from "../../../errors.ts";
import type { BrokerAddress } from "../client/client_internals.ts";
import type { Cluster } from "../client/cluster.ts";
import { committedPositions, type PositionsWanted } from "../offsets/committed_positions.ts";
import { isUnavailable } from "./describe.ts";
import { isUnknownRequest } from "../client/failure.ts";
import { ONE_BROKER_MS_MAX } from "../client/known_brokers.ts";

/** The positions of groups in a topic. */
interface GroupPositions {
  /** By partition, of each group that has some. */
  known: Map<string, Map<number, number>>;
  /** Groups whose positions may not be read, and why. */
  refused: Map<string, BrokerError>;
  /** Brokers that do not tell their groups now, and why; others answered. */
  silent: Map<string, BrokerError>;
  /** Why there may be groups that no broker names. */
  unnamed: BrokerError | undefined;
}

const NOT_ALLOWED = "GROUP_AUTHORIZATION_FAILED";
/** Errors of a single group: one we may not read, or that was deleted meanwhile. */
const OF_ONE = [NOT_ALLOWED, "GROUP_ID_NOT_FOUND"];

/** The bit of the right to describe the cluster in the answer about what is allowed there. */
const MAY_DESCRIBE = 1 << 8;
/** The answer of a broker that does not tell what is allowed. */
const NOT_TOLD = -(2 ** 31);
/** A broker is asked about brokers, not about controllers. */
const BROKERS = 1;

interface ListedGroups {
  groups: { groupId: string; groupType?: string }[];
}

interface DescribedCluster {
  /** A bit for each operation. */
  clusterAuthorizedOperations: number;
}

/** The committed positions of all groups in a topic. Each broker knows its own groups, and none those of another. */
export async function positionsOfAll(cluster: Cluster, wanted: PositionsWanted): Promise<GroupPositions> {
  const what = "list consumers";
  const brokers = await cluster.run(
    what,
    async (admin) => [...(await admin.metadata({ topics: [], forceUpdate: true })).brokers.values()],
  );
  const positions: GroupPositions = {
    known: new Map(),
    refused: new Map(),
    silent: new Map(),
    unnamed: undefined,
  };
  const groups = new Set<string>();
  await Promise.all(brokers.map(async (broker) => {
    try {
      const { named, areAll } = await groupsOf(cluster, broker, what);
      for (const group of named) groups.add(group);
      if (!areAll) positions.unnamed = notAllNamed(cluster);
    } catch (error) {
      if (!isUnavailable(error)) throw error;
      positions.silent.set(`${broker.host}:${broker.port}`, error);
    }
  }));
  if (positions.silent.size === brokers.length) {
    for (const error of positions.silent.values()) {
      throw error;
    }
  }
  await addPositions(cluster, wanted, [...groups], positions);
  return positions;
}

/** The groups that one broker coordinates: those that it names, and whether they are all. */
async function groupsOf(
  cluster: Cluster,
  broker: BrokerAddress,
  what: string,
): Promise<{ named: string[]; areAll: boolean }> {
  const asking = cluster.run(
    what,
    () =>
      Promise.all([
        cluster.requestAdmin<ListedGroups>(broker, { name: "ListGroups", parameters: [[], []] }),
        namesAll(cluster, broker),
      ]),
    ONE_BROKER_MS_MAX,
  );
  try {
    const [{ groups }, areAll] = await cluster.within(ONE_BROKER_MS_MAX, asking);
    const named = groups.filter(({ groupType }) => groupType !== "share" && groupType !== "streams")
      .map(({ groupId }) => groupId);
    return { named, areAll };
  } catch (error) {
    throw cluster.failure(error, what, ONE_BROKER_MS_MAX);
  }
}

/** Who may not describe the cluster gets only the names of groups that he may describe, and no error. */
async function namesAll(cluster: Cluster, broker: BrokerAddress): Promise<boolean> {
  const request = { name: "DescribeCluster", parameters: [true, BROKERS] };
  try {
    const { clusterAuthorizedOperations: allowed } = await cluster.requestAdmin<DescribedCluster>(
      broker,
      request,
    );
    return allowed === NOT_TOLD || (allowed & MAY_DESCRIBE) !== 0;
  } catch (error) {
    if (isUnknownRequest(error)) return true;
    throw error;
  }
}

function notAllNamed({ servers, settings: { identity: { description } } }: Cluster): BrokerError {
  return new BrokerError(
    servers,
    `Cannot list all consumers${
      description && ` ${description}`
    }: Kafka at "${servers}" leaves out those that it ` +
      'does not allow to describe; grant "Describe" on the cluster',
    { reason: "CLUSTER_AUTHORIZATION_FAILED" },
  );
}

async function addPositions(
  cluster: Cluster,
  wanted: PositionsWanted,
  groups: readonly string[],
  positions: GroupPositions,
): Promise<void> {
  if (groups.length === 0) return;
  try {
    const what = groups.length === 1
      ? `read the positions of "${groups[0]}"`
      : "read the positions of consumers";
    const found = await cluster.ask(what, (admin) => committedPositions(cluster, admin, groups, wanted));
    for (const [group, own] of found) {
      if (own.size === 0) continue;
      positions.known.set(
        group,
        new Map(Array.from(own, ([partition, { position }]) => [partition, position])),
      );
    }
  } catch (error) {
    if (!(error instanceof BrokerError) || !OF_ONE.includes(error.reason ?? "")) throw error;
    if (groups.length > 1) {
      // The answer is about all of them.
      const middle = groups.length >> 1;
      await addPositions(cluster, wanted, groups.slice(0, middle), positions);
      await addPositions(cluster, wanted, groups.slice(middle), positions);
    } else if (error.reason === NOT_ALLOWED) positions.refused.set(groups[0]!, error);
  }
}
