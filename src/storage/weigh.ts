/** The first call of each finds its code not compiled. */
const ROUNDS = 4;

/** Whether one of two pieces of work takes less time than the other, each at its best of a few rounds. */
export function isFaster(one: () => unknown, other: () => unknown): boolean {
  let [bestOfOne, bestOfOther] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    bestOfOther = Math.min(bestOfOther, millisecondsOf(other));
    bestOfOne = Math.min(bestOfOne, millisecondsOf(one));
  }
  return bestOfOne < bestOfOther;
}

function millisecondsOf(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
