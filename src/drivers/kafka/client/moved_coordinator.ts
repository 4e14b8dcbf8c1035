import { sleep } from "../../../async.ts";
import type { Admin, ClientModule } from "../client.ts";
import { isSameAddress } from "./known_brokers.ts";
import { answerOrError, type AnyClient, type BrokerAddress, wrapCallback } from "./client_internals.ts";

/** Requests of members: some are answered late if other members are late. The first parameter of each is the group. */
const OF_MEMBERS = ["JoinGroup", "SyncGroup", "Heartbeat", "LeaveGroup"];
/** Requests about positions and members; the first parameter is a group, or a list of groups with one coordinator. */
const OF_GROUPS = ["OffsetCommit", "OffsetFetch", "OffsetDelete", "DescribeGroups"];
/** How often to look who the coordinator is while such a request is not answered, in milliseconds. */
const LOOK_MS = 2000;

/** The coordinator of a group. */
export async function findCoordinator(
  admin: Admin,
  module: ClientModule,
  group: string,
): Promise<BrokerAddress & { nodeId: number } | undefined> {
  const keyType = module.FindCoordinatorKeyTypes.GROUP;
  const [coordinator] = await admin.findCoordinator({ keyType, keys: [group] });
  return coordinator;
}

/** Finds the coordinator of a group. */
export type CoordinatorFinder = (group: string) => Promise<{ nodeId: number } | undefined>;

/**
 * Lets requests fail that a coordinator does not answer while the cluster names another one: the one that was asked
 * hangs, or was cut off. They are sent to the new one, which takes a member for dead that it does not hear from. One
 * that only waits for other members is waited for.
 */
export function leaveMovedCoordinators(
  client: AnyClient,
  module: ClientModule,
  find: CoordinatorFinder,
  lookMs: number = LOOK_MS,
): void {
  for (const name of [...OF_MEMBERS, ...OF_GROUPS]) {
    wrapCallback(client, module, name, (callback, connection, [about]) => {
      const group = groupOf(about);
      return answerOrError(callback, (fail) => {
        const over = new AbortController();
        const isMoved = () => hasMoved(client, connection, () => find(group));
        void untilMoved(isMoved, { lookMs, over: over.signal }).then(() => fail(noAnswer(module)));
        return () => over.abort();
      });
    });
  }
}

/** With a system error's code, since nothing was closed: a coordinator that closes the connection may be an old one. */
function noAnswer({ NetworkError }: ClientModule): Error {
  const message = "The coordinator does not answer, and is another broker now.";
  return new NetworkError(message, { cause: Object.assign(new Error(message), { code: "ETIMEDOUT" }) });
}

/** The group that a request is about, or the first one, by its first parameter. */
function groupOf(about: unknown): string {
  const [first] = [about].flat() as (string | { groupId: string })[];
  return typeof first === "string" ? first : first!.groupId;
}

/** Resolves when the coordinator is another broker, or the answer is there. */
async function untilMoved(
  isMoved: () => Promise<boolean>,
  { lookMs, over }: { lookMs: number; over: AbortSignal },
): Promise<void> {
  do await sleep(lookMs, over); while (!over.aborted && !await isMoved());
}

/** Compares ids: another client may know the same brokers by other addresses, those of another listener. */
async function hasMoved(
  client: Pick<AnyClient, "metadata">,
  address: BrokerAddress,
  find: () => ReturnType<CoordinatorFinder>,
): Promise<boolean> {
  try {
    const now = await find();
    const { brokers } = await client.metadata({ topics: [] });
    const [asked] = [...brokers].find(([, broker]) => isSameAddress(broker, address)) ?? [];
    return now !== undefined && now.nodeId !== asked;
  } catch {
    // While the coordinator is unknown, no other broker can be asked.
    return false;
  }
}
