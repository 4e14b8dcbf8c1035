import { exactJson, ExactNumber, parsedExactly } from "../src/text/exact_json.ts";

export { parsedExactly as parsedMetadata };

/** The field at a dotted path; undefined if there is none. A field's name may contain dots. */
export function fieldAt(value: unknown, path: string): unknown {
  if (typeof value !== "object" || value === null) return undefined;
  if (Object.hasOwn(value, path)) return (value as Record<string, unknown>)[path];
  for (let at = path.indexOf("."); at > 0; at = path.indexOf(".", at + 1)) {
    const inner = (value as Record<string, unknown>)[path.slice(0, at)];
    const found = fieldAt(inner, path.slice(at + 1));
    if (found !== undefined) return found;
  }
  return undefined;
}

/** A field as text: a string without quotes, anything else as JSON. */
export function fieldText(value: unknown): string {
  if (value === undefined) return "";
  return typeof value === "string" || value instanceof ExactNumber ? String(value) : exactJson(value);
}

/** The paths of the fields of metadata, for suggestions. */
export function fieldPaths(value: unknown, depthMax = 3): string[] {
  if (typeof value !== "object" || value === null || Array.isArray(value) || value instanceof ExactNumber) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => {
    const below = depthMax > 1 ? fieldPaths(inner, depthMax - 1) : [];
    return below.length > 0 ? below.map((path) => `${key}.${path}`) : [key];
  });
}
