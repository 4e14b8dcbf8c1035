/** A clock that can be set, and the time that has really passed. */
export class Clock {
  /** The real time, in milliseconds since 1970. */
  time = 1_700_000_000_000;
  #offset = 0;
  /** The clock's offset, from each time it was set, and when that was. */
  #phases: { from: number; offset: number }[] = [{ from: 0, offset: 0 }];

  /** The clock's time, in milliseconds since 1970. */
  get now(): number {
    return this.time + this.#offset;
  }

  /** Time passes. */
  pass(ms: number): void {
    this.time += ms;
  }

  /** An administrator, or a time server, sets the clock. */
  step(ms: number): void {
    this.#offset += ms;
    this.#phases.push({ from: this.time, offset: this.#offset });
  }

  /** The smallest and largest time that the clock showed between two moments of real time. */
  shown(from: number, to: number = this.time): { least: number; greatest: number } {
    let [least, greatest] = [Infinity, -Infinity];
    this.#phases.forEach((phase, index) => {
      const until = this.#phases[index + 1]?.from ?? Infinity;
      if (phase.from > to || until < from) return;
      least = Math.min(least, Math.max(from, phase.from) + phase.offset);
      greatest = Math.max(greatest, Math.min(to, until) + phase.offset);
    });
    return { least, greatest };
  }
}
