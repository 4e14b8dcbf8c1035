import type { DataPart } from "../data/view.ts";
import { nameClass } from "../inspect.ts";
import type { JsonValue } from "../json.ts";
import type { Metadata } from "../metadata.ts";
import type { PushOptions } from "./producer_options.ts";

/**
 * The arguments of `push` as one chunk for {@linkcode Producer.writable}: needed for an event with data or a
 * requested partition. Any other chunk is metadata by itself.
 *
 * @example
 * ```ts
 * import { Driver, PushEnvelope } from "@diaspora/stream";
 *
 * await using driver = await Driver.open("memory", {});
 * await driver.createTopic("frames", { num_partitions: 2 });
 * await using topic = await driver.openTopic("frames");
 * await using producer = topic.producer("camera");
 * const writer = producer.writable().getWriter();
 * await writer.write(new PushEnvelope({ frame: 1 }, new Uint8Array([1, 2, 3]), { partition: 1 }));
 * await writer.write({ metadata: "a member like any other" });
 * await writer.close();
 * ```
 */
export class PushEnvelope<T = JsonValue> {
  // Private, so that no other object is accepted as an envelope, not even by the type checker.
  readonly #options: PushOptions | undefined;

  /** Accepts the arguments of `push`. */
  constructor(
    /** The metadata. */
    readonly metadata: T | string | Metadata,
    /** The data part. */
    readonly data?: DataPart,
    options?: PushOptions,
  ) {
    this.#options = options;
  }

  /** What `push` accepts besides metadata and data. */
  get options(): PushOptions | undefined {
    return this.#options;
  }
}

nameClass(PushEnvelope, "PushEnvelope");
