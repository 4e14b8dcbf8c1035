import { sleep } from "../../async.ts";
import type { Admin, ClientConsumer, ClientModule } from "./client.ts";
import { isSameAddress } from "./known_brokers.ts";
import { answerOrError, type BrokerAddress, wrapCallback } from "./client_internals.ts";

/** Requests of members. Some are answered late if other members are late, and none if the coordinator hangs. */
const OF_MEMBERS = ["JoinGroup", "SyncGroup", "Heartbeat", "LeaveGroup"];
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

/** Finds the coordinator of the client's group. */
export type CoordinatorFinder = () => Promise<{ nodeId: number } | undefined>;

/**
 * Lets requests of a group's member fail that are not answered while the cluster names another coordinator: the one
 * that was asked hangs, or was cut off, and the client asks the new one, which takes a member for dead that it does not
 * hear from. One that only waits for other members is waited for.
 */
export function leaveMovedCoordinators(
  client: ClientConsumer,
  module: ClientModule,
  find: CoordinatorFinder,
  lookMs: number = LOOK_MS,
): void {
  for (const name of OF_MEMBERS) {
    wrapCallback(client, module, name, (callback, connection) => {
      const asked = connection as unknown as BrokerAddress;
      return answerOrError(callback, (fail) => {
        const over = new AbortController();
        const isMoved = () => hasMoved(client, asked, find);
        void untilMoved(isMoved, { lookMs, over: over.signal }).then(() =>
          fail(new module.NetworkError("The coordinator does not answer, and is another broker now."))
        );
        return () => over.abort();
      });
    });
  }
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
  client: Pick<ClientConsumer, "metadata">,
  address: BrokerAddress,
  find: CoordinatorFinder,
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
