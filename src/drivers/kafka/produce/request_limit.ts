import { LimitExceededError } from "../../../errors.ts";
import { counted } from "../../../text/counted.ts";
import type { Cluster } from "../client/cluster.ts";
import { isFault } from "../client/failure.ts";
import { ONE_BROKER_MS_MAX } from "../client/known_brokers.ts";
import type { Leader } from "../client/metadata.ts";
import type { RecordBatch } from "../format/record_batch.ts";

const SETTING = "socket.request.max.bytes";
/** What a request has besides a batch, the client's name and the topic's, at most. */
const REQUEST_BYTES = 64;

interface ConfigsAnswer {
  results: { configs: { name: string; value?: string | null }[] }[];
}

/**
 * The largest request that leaders of a partition take: of a larger one they read no more than its size, and close the
 * connection without a word.
 */
export class RequestLimit {
  /** That of the leader that was asked last. */
  #bytesMax = Infinity;

  constructor(
    private readonly cluster: Cluster,
    private readonly topic: { name: string; kafkaName: string },
    private readonly partition: number,
  ) {}

  /** A leader has closed connections for a batch, because of its size perhaps: it is asked before the next attempt. */
  suspect(batch: RecordBatch): void {
    this.#bytesMax = Math.min(this.#bytesMax, batch.bytes.byteLength);
  }

  /** Throws `LimitExceededError` if a batch is too large for a leader; asks it again before that. */
  async check(leader: Leader, batch: RecordBatch): Promise<void> {
    const bytes = batch.bytes.byteLength;
    if (!this.#isExceededBy(bytes)) return;
    this.#bytesMax = await this.#ask(leader) ?? Infinity;
    if (!this.#isExceededBy(bytes)) return;
    const what = batch.count === 1 ? "an event" : `${counted(batch.count, "event")} together`;
    throw new LimitExceededError(
      `Cannot store ${what} in topic "${this.topic.name}" partition ${this.partition}: ${
        counted(bytes, "byte")
      }, and ` +
        `broker ${leader.id} takes requests of ${this.#bytesMax}; raise "${SETTING}" of the brokers`,
    );
  }

  #isExceededBy(batchBytes: number): boolean {
    const { cluster: { settings: { client: { clientId } } }, topic: { kafkaName } } = this;
    return batchBytes + REQUEST_BYTES + clientId.length + kafkaName.length > this.#bytesMax;
  }

  /** Undefined if it does not say. */
  async #ask(leader: Leader): Promise<number | undefined> {
    const { cluster, cluster: { module: { ConfigResourceTypes } } } = this;
    const broker = {
      resourceType: ConfigResourceTypes.BROKER,
      resourceName: String(leader.id),
      configurationKeys: [SETTING],
    };
    try {
      const asking = cluster.requestAdmin<ConfigsAnswer>(leader, {
        name: "DescribeConfigs",
        parameters: [[broker], false, false],
      });
      const { results } = await cluster.within(ONE_BROKER_MS_MAX, asking);
      return Number(results[0]?.configs.find(({ name }) => name === SETTING)?.value) || undefined;
    } catch (error) {
      if (isFault(error, "CLUSTER_AUTHORIZATION_FAILED")) {
        cluster.warnOnce(
          `Broker ${leader.id} has closed connections instead of answering pushes: if its "${SETTING}" is smaller ` +
            'than a batch, raise it, or lower "batch.size"; with the right "DescribeConfigs" on the cluster they ' +
            "are split",
        );
      }
      return undefined;
    }
  }
}
