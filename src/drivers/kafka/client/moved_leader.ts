import { BrokerError } from "../../../errors.ts";
import { sleep } from "../../../async.ts";
import type { AnyClient } from "./client_internals.ts";

/** How long a broker may be silent before it is looked whether it still leads, and how often then, in milliseconds. */
const SILENT_LEADER_MS = 5000;

/** A request to a leader that may as well be sent to another broker instead: it changes nothing, or not twice. */
interface LeaderRequest {
  /** How long the leader waits by itself before it answers, in milliseconds. */
  waitMs: number;
  client: Pick<AnyClient, "metadata">;
  kafkaName: string;
  node: number;
  /** The partitions that it was asked for. */
  wanted: readonly { partition: number }[];
  /** The answer is no longer wanted. */
  stopped: AbortSignal;
  /** How often to look, in milliseconds. */
  silenceMs?: number;
}

/**
 * The answer of a leader. Throws if it stays silent while the cluster names another one for any of the partitions: it
 * hangs, or was cut off. One that is slow, or holds its answer back because of a quota, is waited for.
 */
export async function answerOfLeader<T>(answer: Promise<T>, request: LeaderRequest): Promise<T> {
  const { stopped } = request;
  const over = new AbortController();
  const end = () => over.abort();
  stopped.addEventListener("abort", end);
  try {
    return await Promise.race([answer, untilMoved(request, over.signal)]);
  } finally {
    stopped.removeEventListener("abort", end);
    end();
  }
}

async function untilMoved(request: LeaderRequest, over: AbortSignal): Promise<never> {
  const { waitMs, silenceMs = SILENT_LEADER_MS } = request;
  for (let ms = waitMs + silenceMs;; ms = silenceMs) {
    await sleep(ms, over);
    if (over.aborted) return await new Promise<never>(() => {});
    const moved = await findMoved(request);
    if (moved === undefined) continue;
    const why = `broker ${request.node} does not answer, and no longer leads partition ${moved.partition}`;
    throw new BrokerError("", why, { canRetry: true, reason: "LEADER_NOT_AVAILABLE" });
  }
}

/** A partition that another broker leads now; undefined if there is none, or no broker says so. */
async function findMoved(
  { client, kafkaName, node, wanted }: LeaderRequest,
): Promise<{ partition: number } | undefined> {
  try {
    const { brokers, topics } = await client.metadata({ topics: [kafkaName], forceUpdate: true });
    const known = topics.get(kafkaName)?.partitions ?? [];
    return wanted.find(({ partition }) => {
      const leader = known[partition]?.leader ?? node;
      return leader !== node && brokers.has(leader);
    });
  } catch {
    // The answer to the request, or its timeout, says more.
    return undefined;
  }
}
