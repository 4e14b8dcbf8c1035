/** Random numbers from a seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** A whole number from 0 to 2^32 - 1. */
  next32(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  }

  /** A whole number below a limit. */
  below(limit: number): number {
    return this.next32() % limit;
  }

  /** True with the given probability; with 0 or undefined, no number is drawn. */
  chance(probability: number | undefined): boolean {
    return probability !== undefined && probability > 0 && this.next32() < probability * 4294967296;
  }

  /** One of several. */
  pick<T>(among: readonly T[]): T {
    return among[this.below(among.length)];
  }
}
