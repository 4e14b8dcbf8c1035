import type { Random } from "../../src/storage/simulated.ts";

/** What became of a push, as its producer knows. */
export type Outcome = "pending" | "completed" | "failed" | "unknown";

/** An event that some producer pushed. */
export interface Push {
  key: string;
  metadata: string;
  data: Uint8Array;
  outcome: Outcome;
  id?: number;
  /** Its future completed, whatever a power cut made of it later. */
  wasCompleted: boolean;
  /** A completed sync covers it: a power cut must leave it. */
  isDurable: boolean;
}

/** A promise was broken. */
export class BrokenPromise extends Error {
  override readonly name = "BrokenPromise";
}

/** What the log promised so far, to hold it against what is read. */
export class Model {
  readonly pushes: Map<string, Push> = new Map();
  /** Which event was read under each id: no reader may ever see another one there. */
  readonly seen: Map<number, string> = new Map();
  /** Events given to each consumer name. */
  readonly delivered: Map<string, Set<string>> = new Map();
  /** The position that a completed acknowledgement left, by consumer name. */
  readonly acknowledged: Map<string, number> = new Map();
  /** First id that trimming may have left. */
  trimmedTo = 0;
  #count = 0;

  newPush(owner: string, random: Random): Push {
    const key = `${owner}-${this.#count++}`;
    const data = new Uint8Array(random.chance(0.5) ? 0 : random.below(random.chance(0.1) ? 9000 : 300));
    for (let index = 0; index < data.length; index++) data[index] = random.next32();
    const text = random.chance(0.2) ? "é☃" : "x".repeat(random.below(40));
    const push: Push = {
      key,
      metadata: JSON.stringify({ key, text }),
      data,
      outcome: "pending",
      wasCompleted: false,
      isDurable: false,
    };
    this.pushes.set(key, push);
    return push;
  }

  complete(pushes: readonly Push[], baseId: number): void {
    pushes.forEach((push, index) => {
      push.outcome = "completed";
      push.wasCompleted = true;
      push.id = baseId + index;
      this.#note(push.id, push.key);
    });
  }

  /** An event was read: it must be one that was pushed, unchanged, and always the same under its id. */
  read(id: number, metadata: string, data: Uint8Array): Push {
    let key: string;
    try {
      key = JSON.parse(metadata).key;
    } catch {
      throw new BrokenPromise(`event ${id} has metadata that nobody pushed: ${metadata.slice(0, 80)}`);
    }
    const push = this.pushes.get(key);
    if (push === undefined) throw new BrokenPromise(`event ${id} was never pushed: ${key}`);
    if (push.metadata !== metadata) {
      throw new BrokenPromise(`event ${id} (${key}) has other metadata than pushed`);
    }
    if (!sameBytes(push.data, data)) {
      throw new BrokenPromise(`event ${id} (${key}) has other data than pushed`);
    }
    if (push.outcome === "failed") {
      throw new BrokenPromise(`event ${id} (${key}) is there although its push failed`);
    }
    if (push.id !== undefined && push.id !== id) {
      throw new BrokenPromise(`event ${key} has id ${id} and id ${push.id}`);
    }
    this.#note(id, key);
    push.id = id;
    return push;
  }

  /** The power was cut: only what a completed sync covers is still promised. */
  forgetUnsynced(): void {
    this.seen.clear();
    for (const push of this.pushes.values()) {
      if (push.isDurable) this.seen.set(push.id!, push.key);
      else [push.outcome, push.id] = ["unknown", undefined];
    }
  }

  /** The log was read whole after a power cut. */
  checkDurable(present: ReadonlyMap<number, string>): void {
    for (const { id, key, isDurable } of this.pushes.values()) {
      if (isDurable && id! >= this.trimmedTo && present.get(id!) !== key) {
        throw new BrokenPromise(`event ${id} (${key}) was on the disk and is gone after a power cut`);
      }
    }
  }

  #note(id: number, key: string): void {
    const before = this.seen.get(id);
    if (before !== undefined && before !== key) throw new BrokenPromise(`id ${id} is ${before} and ${key}`);
    this.seen.set(id, key);
  }
}

function sameBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.byteLength === b.byteLength && a.every((byte, index) => byte === b[index]);
}
