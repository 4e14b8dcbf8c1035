import { closeSync, openSync } from "node:fs";
import { createInterface } from "node:readline";
import process from "node:process";
import type { Consumer, Event, Producer, Topic } from "../../../mod.ts";
import { tell } from "./task.ts";

/** If nothing arrives for this long, it never will. */
const PATIENCE_MS = 2000;

/** The orders that a process understands; each answers with a line. */
class Orders {
  readonly #producer: Producer;
  readonly #consumer: Consumer;
  #event: Event | undefined;
  #files: number[] = [];

  constructor(topic: Topic) {
    this.#producer = topic.producer("obeying");
    this.#consumer = topic.consumer("obeying");
  }

  async push(size: number): Promise<string> {
    return `stored ${await this.#producer.push({}, new Uint8Array(size))}`;
  }

  async pull(): Promise<string> {
    this.#event = await this.#consumer.pull().wait(PATIENCE_MS);
    return this.#event === undefined ? "none" : `event ${this.#event.id}`;
  }

  async acknowledge(): Promise<string> {
    await this.#event!.acknowledge();
    return "acknowledged";
  }

  /** Opens files until the system refuses. */
  exhaust(): string {
    try {
      for (;;) this.#files.push(openSync("/dev/null", "r"));
    } catch (error) {
      return `exhausted ${(error as { code?: string }).code}`;
    }
  }

  release(): string {
    for (const file of this.#files.splice(0)) closeSync(file);
    return "released";
  }
}

/**
 * Deno opens its descriptors for signals at the first listener, or half a second after its start, and crashes
 * (2.9.5) if there are none left by then.
 */
function openSignals(): void {
  const ignore = (): void => {};
  process.on("SIGUSR2", ignore);
  process.off("SIGUSR2", ignore);
}

/**
 * Executes the orders on standard input until it ends; a failure is reported as `failed CODE ERRNO CAN_RETRY
 * MESSAGE`.
 *
 * ```text
 * obey ROOT_PATH TOPIC
 * ```
 */
export async function obey(topic: Topic): Promise<void> {
  const orders = new Orders(topic);
  const follow = (order: string, size: number): string | Promise<string> => {
    if (order === "push") return orders.push(size);
    if (order === "pull") return orders.pull();
    if (order === "acknowledge") return orders.acknowledge();
    return order === "exhaust" ? orders.exhaust() : orders.release();
  };
  openSignals();
  tell("ready");
  for await (const line of createInterface({ input: process.stdin })) {
    const [order, size] = line.split(" ");
    try {
      tell(await follow(order, Number(size ?? 0)));
    } catch (error) {
      const { code, errno, canRetry, message } = error as Record<string, unknown>;
      tell(`failed ${code} ${errno} ${canRetry} ${message}`);
    }
  }
}
