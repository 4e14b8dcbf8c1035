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

/** So often a leader may close the connection for a batch, and tell nothing: it is not by chance then. */
const EVASIONS_MAX = 2;

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
  /** How often a leader has answered, without its limit, after it closed the connection for the current batch. */
  #evasions = 0;

  constructor(
    private readonly cluster: Cluster,
    private readonly topic: { name: string; kafkaName: string },
    private readonly partition: number,
  ) {}

  /** Another batch is to be sent. */
  begin(): void {
    this.#evasions = 0;
  }

  /** A leader has closed connections for a batch, because of its size perhaps: it is asked before the next attempt. */
  suspect(batch: RecordBatch): void {
    this.#bytesMax = Math.min(this.#bytesMax, batch.bytes.byteLength);
  }

  /**
   * Throws `LimitExceededError` if a batch is too large for a leader; asks it again before that. Also, so that it is
   * split, if a leader that does not tell its limit closes the connection for it again and again, and otherwise answers.
   */
  async check(leader: Leader, batch: RecordBatch): Promise<void> {
    const bytes = batch.bytes.byteLength;
    if (!this.#isExceededBy(bytes)) return;
    this.#bytesMax = await this.#ask(leader);
    const isEvaded = this.#evasions >= EVASIONS_MAX && batch.count > 1;
    if (!this.#isExceededBy(bytes) && !isEvaded) return;
    const what = batch.count === 1 ? "an event" : `${counted(batch.count, "event")} together`;
    const limit = isEvaded ? "closes the connection for them" : `takes requests of ${this.#bytesMax}`;
    throw new LimitExceededError(
      `Cannot store ${what} in topic "${this.topic.name}" partition ${this.partition}: ${
        counted(bytes, "byte")
      }, and ` +
        `broker ${leader.id} ${limit}; raise "${SETTING}" of the brokers`,
    );
  }

  #isExceededBy(batchBytes: number): boolean {
    const { cluster: { settings: { client: { clientId } } }, topic: { kafkaName } } = this;
    return batchBytes + REQUEST_BYTES + clientId.length + kafkaName.length > this.#bytesMax;
  }

  /** `Infinity` if it does not say. */
  async #ask(leader: Leader): Promise<number> {
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
      const bytesMax = Number(results[0]?.configs.find(({ name }) => name === SETTING)?.value);
      if (bytesMax > 0) return bytesMax;
      this.#evasions++;
    } catch (error) {
      if (isFault(error, "CLUSTER_AUTHORIZATION_FAILED")) {
        this.#evasions++;
        cluster.warnOnce(
          `Broker ${leader.id} has closed connections instead of answering pushes: if its "${SETTING}" is smaller ` +
            'than a batch, raise it, or lower "batch.size", or allow the client "DescribeConfigs" on the cluster; ' +
            "until then batches are split on trial",
        );
      }
    }
    return Infinity;
  }
}
