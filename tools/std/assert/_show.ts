import { inspect } from "node:util";

/** A value as an error message shows it. */
export function show(value: unknown): string {
  return inspect(value, {
    depth: 8,
    sorted: true,
    maxArrayLength: 50,
    maxStringLength: 2000,
    breakLength: 100,
  });
}
