import { BrokerError } from "../../errors.ts";
import type { BrokerAddress } from "./client_internals.ts";
import type { Cluster } from "./cluster.ts";
import { committedPositions, type PositionsWanted } from "./committed_positions.ts";
import { isUnavailable } from "./describe.ts";
import { ONE_BROKER_MS_MAX } from "./known_brokers.ts";

/** The positions of groups in a topic. */
interface GroupPositions {
  /** By partition, of each group that has some. */
  known: Map<string, Map<number, number>>;
  /** Groups whose positions may not be read, and why. */
  refused: Map<string, BrokerError>;
  /** Brokers that do not tell their groups now, and why; others answered. */
  silent: Map<string, BrokerError>;
}

const NOT_ALLOWED = "GROUP_AUTHORIZATION_FAILED";
/** Errors of a single group: one we may not read, or that was deleted meanwhile. */
const OF_ONE = [NOT_ALLOWED, "GROUP_ID_NOT_FOUND"];

interface ListedGroups {
  groups: { groupId: string; groupType?: string }[];
}

/** The committed positions of all groups in a topic. Each broker knows its own groups, and none those of another. */
export async function positionsOfAll(cluster: Cluster, wanted: PositionsWanted): Promise<GroupPositions> {
  const what = "list consumers";
  const brokers = await cluster.run(
    what,
    async (admin) => [...(await admin.metadata({ topics: [], forceUpdate: true })).brokers.values()],
  );
  const positions: GroupPositions = { known: new Map(), refused: new Map(), silent: new Map() };
  const groups = new Set<string>();
  await Promise.all(brokers.map(async (broker) => {
    try {
      for (const group of await groupsOf(cluster, broker, what)) groups.add(group);
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

/** The groups that one broker coordinates. */
async function groupsOf(cluster: Cluster, broker: BrokerAddress, what: string): Promise<string[]> {
  const asking = cluster.run(
    what,
    () => cluster.requestAdmin<ListedGroups>(broker, { name: "ListGroups", parameters: [[], []] }),
    ONE_BROKER_MS_MAX,
  );
  try {
    const { groups } = await cluster.within(ONE_BROKER_MS_MAX, asking);
    return groups.filter(({ groupType }) => groupType !== "share" && groupType !== "streams")
      .map(({ groupId }) => groupId);
  } catch (error) {
    throw cluster.failure(error, what, ONE_BROKER_MS_MAX);
  }
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
