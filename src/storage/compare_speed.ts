/** Several, because in the first one the code is not compiled and memory not mapped yet. */
const ROUNDS = 6;

/** Whether work takes less time than other work done several times, each at its best of a few rounds. */
export function takesLess(work: () => unknown, times: number, other: () => unknown): boolean {
  let [bestOfWork, bestOfOther] = [Infinity, Infinity];
  for (let round = 0; round < ROUNDS; round++) {
    bestOfOther = Math.min(bestOfOther, millisecondsOf(other));
    bestOfWork = Math.min(bestOfWork, millisecondsOf(work));
  }
  return bestOfWork < bestOfOther * times;
}

function millisecondsOf(work: () => unknown): number {
  const start = performance.now();
  work();
  return performance.now() - start;
}
