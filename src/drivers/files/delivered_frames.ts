import type { Position, StoredBatch } from "../../log/mod.ts";

const FRAMES_MAX = 4096;

/** Numbers that are kept of each frame: its first id, the id after it, its time, and the three of its mark. */
const NUMBERS = 6;

/**
 * The frames whose events were delivered and not yet acknowledged, the latest of them; positions in others are looked up
 * in the log. Numbers in one array, because the frames are remembered long enough for the garbage collector to copy every
 * object that would be made for them.
 */
export class DeliveredFrames {
  readonly #numbers: number[] = [];
  /** Index of the oldest frame. */
  #first = 0;

  add({ baseId, count, timestamp, mark: { salt, nonce, sequence } }: StoredBatch): void {
    const numbers = this.#numbers;
    // Many at a time: moving the others for every frame would cost more than the frame itself.
    if (numbers.length === FRAMES_MAX * NUMBERS) this.#drop(Math.max(this.#first, FRAMES_MAX / 2 * NUMBERS));
    numbers.push(baseId, baseId + count, timestamp, salt, nonce, sequence);
  }

  /** The position after the event before `nextId`, if its frame is remembered; older frames are forgotten. */
  positionBefore(nextId: number): Position | undefined {
    const numbers = this.#numbers;
    let at = this.#first;
    while (at < numbers.length && numbers[at + 1]! < nextId) at += NUMBERS;
    this.#first = at;
    if (at === numbers.length) this.clear();
    if (this.#numbers.length === 0 || numbers[at]! >= nextId) return undefined;
    const mark = { salt: numbers[at + 3]!, nonce: numbers[at + 4]!, sequence: numbers[at + 5]! };
    return { nextId, time: numbers[at + 2]!, mark };
  }

  /** Forgets all: reading goes on elsewhere. */
  clear(): void {
    this.#drop(this.#numbers.length);
  }

  #drop(numbers: number): void {
    this.#numbers.splice(0, numbers);
    this.#first = 0;
  }
}
