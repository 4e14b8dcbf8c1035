/**
 * What a cursor does, in steps, each of which begins with the names in the folder as of then.
 *
 * One folder has the files of all partitions, so that listing it for each step of each of them would take a time that
 * grows with the square of their number. Cursors of several partitions go through their steps side by side instead, and
 * a listing serves all of them. Each of them still sees what its own steps need: a listing made after its step before.
 * Whatever the others do in between, they do to files of other partitions.
 */
export type CursorSteps<T> = Generator<void, T, readonly string[]>;

/** Goes through the steps of one cursor. */
export function runAlone<T>(steps: CursorSteps<T>, list: () => readonly string[]): T {
  for (let step = steps.next([]);; step = steps.next(list())) if (step.done === true) return step.value;
}
