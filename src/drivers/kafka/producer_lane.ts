import type { Buffer } from "node:buffer";

/** Records that become one Kafka batch. */
export interface Shipment {
  values: Buffer[];
  /** Their size on the wire. */
  bytes: number;
}

interface Waiting {
  shipment: Shipment | Promise<Shipment>;
  resolve(baseId: number): void;
  reject(error: unknown): void;
}

/** The way into one partition: batches go one after the other, small ones that wait go together. */
export class ProducerLane {
  readonly #waiting: Waiting[] = [];
  #running: Promise<void> | undefined;

  constructor(
    private readonly limits: { bytesMax: number; isMerging: boolean },
    private readonly send: (shipment: Shipment) => Promise<number>,
  ) {}

  /** Sends it when those before are stored or failed; gives the offset of its first record. */
  ship(shipment: Shipment | Promise<Shipment>): Promise<number> {
    // Its failure is said when its turn comes.
    if (shipment instanceof Promise) shipment.catch(() => {});
    return new Promise((resolve, reject) => {
      this.#waiting.push({ shipment, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is on its way. */
  async idle(): Promise<void> {
    await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      const first = this.#waiting.shift()!;
      try {
        const shipment = await first.shipment;
        const all = this.#merge(first, shipment);
        await this.#sendAll(all);
      } catch (error) {
        first.reject(error);
      }
    }
    this.#running = undefined;
  }

  /** Adds those behind it that fit; a stream is waited for in its turn. */
  #merge(first: Waiting, shipment: Shipment): { waiting: Waiting; shipment: Shipment }[] {
    const all = [{ waiting: first, shipment }];
    let { bytes } = shipment;
    while (this.limits.isMerging && this.#waiting.length > 0) {
      const next = this.#waiting[0].shipment;
      if (next instanceof Promise || bytes + next.bytes > this.limits.bytesMax) break;
      bytes += next.bytes;
      all.push({ waiting: this.#waiting.shift()!, shipment: next });
    }
    return all;
  }

  async #sendAll(all: readonly { waiting: Waiting; shipment: Shipment }[]): Promise<void> {
    try {
      const values = all.length === 1
        ? all[0].shipment.values
        : all.flatMap(({ shipment }) => shipment.values);
      let baseId = await this.send({
        values,
        bytes: all.reduce((sum, { shipment }) => sum + shipment.bytes, 0),
      });
      for (const { waiting, shipment } of all) {
        waiting.resolve(baseId);
        baseId += shipment.values.length;
      }
    } catch (error) {
      for (const { waiting } of all) waiting.reject(error);
    }
  }
}
