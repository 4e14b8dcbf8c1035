import type { StartPosition } from "../../../contract.ts";
import type { ConsumerTopic } from "./consumer_topic.ts";

/** Where a consumer starts in partitions for which its name has no stored position. */
export class StartPositions {
  /** The offsets that `from` referred to when the consumer was opened, and those found later. */
  #ids = new Map<number, number>();
  /** How many partitions there were when it was opened. */
  #countBefore: number | undefined;

  constructor(
    private readonly topic: Pick<ConsumerTopic, "offsets" | "highWatermarks" | "partitions">,
    private readonly from: StartPosition,
  ) {}

  /** Finds them: "latest" means the end at this moment. Called again if it failed. */
  async open(): Promise<void> {
    const { offsets, highWatermarks, partitions } = this.topic;
    // A partition without a leader is read from its position once it has one again.
    highWatermarks.raiseAll(await offsets.known(partitions.numbers, "latest"));
    this.#countBefore ??= partitions.numbers.length;
    if (this.from === "earliest") return;
    // What an attempt that failed has found counts.
    this.#ids = new Map([...await offsets.resolveKnown(partitions.numbers, this.from), ...this.#ids]);
  }

  /** Those of some partitions; omits partitions that are unavailable now. */
  async of(partitions: readonly number[]): Promise<Map<number, number>> {
    const whole = partitions.filter((partition) =>
      !this.#ids.has(partition) && this.#startIn(partition) === "earliest"
    );
    if (whole.length === 0) return this.#ids;
    return new Map([...this.#ids, ...await this.topic.offsets.known(whole, "earliest")]);
  }

  /** That of a partition that was unavailable before; undefined if it still is. */
  async find(partition: number): Promise<number | undefined> {
    const { offsets, highWatermarks } = this.topic;
    const position = (await offsets.resolveKnown([partition], this.#startIn(partition))).get(partition);
    if (position !== undefined) highWatermarks.raise(partition, position);
    return position;
  }

  /** A seek may have happened since it was found: only then it is where the consumer started. */
  set(partition: number, position: number): void {
    this.#ids.set(partition, position);
  }

  /** All events of a partition that was added after the consumer was opened are later than its "latest". */
  #startIn(partition: number): StartPosition {
    return this.from === "latest" && partition >= (this.#countBefore ?? Infinity) ? "earliest" : this.from;
  }
}
