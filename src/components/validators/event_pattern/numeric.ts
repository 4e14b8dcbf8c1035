import type { JsonValue } from "../../../json.ts";
import { wrongPattern } from "./refuse.ts";

/** Compiles comparisons such as `[">", 0, "<=", 5]`, all of which must hold. */
export function compileNumeric(terms: JsonValue, path: string): (number: number) => boolean {
  if (!Array.isArray(terms) || terms.length % 2 !== 0) {
    throw wrongPattern(path, 'comparisons and numbers in turn, such as [">", 0, "<=", 5]', terms);
  }
  const range = { min: -Infinity, minIncluded: true, max: Infinity, maxIncluded: true };
  for (let index = 0; index < terms.length; index += 2) {
    const [operator = null, limit = null] = terms.slice(index, index + 2);
    if (typeof limit !== "number") throw wrongPattern(`${path}/${index + 1}`, "a number", limit);
    switch (operator) {
      case "=":
        raise(limit, true);
        lower(limit, true);
        break;
      case ">":
      case ">=":
        raise(limit, operator === ">=");
        break;
      case "<":
      case "<=":
        lower(limit, operator === "<=");
        break;
      default:
        throw wrongPattern(`${path}/${index}`, 'one of "=", "<", "<=", ">", ">="', operator);
    }
  }
  const { min, minIncluded, max, maxIncluded } = range;
  return (number) =>
    (minIncluded ? number >= min : number > min) && (maxIncluded ? number <= max : number < max);

  function raise(limit: number, included: boolean): void {
    if (limit < range.min || (limit === range.min && included)) return;
    range.min = limit;
    range.minIncluded = included;
  }

  function lower(limit: number, included: boolean): void {
    if (limit > range.max || (limit === range.max && included)) return;
    range.max = limit;
    range.maxIncluded = included;
  }
}
