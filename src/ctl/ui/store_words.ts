import { absoluteReference } from "../../components/modules.ts";
import { absolutePath } from "../../drivers/files/root_path.ts";
import type { JsonObject, JsonValue } from "../../json.ts";
import { withoutSecrets } from "../../secrets.ts";
import { isObject } from "../args/document.ts";
import { parseValue } from "../args/value.ts";

/**
 * What names a store on a command line typed anywhere: `--store /data`, or the driver with its options. Secrets (those
 * that the driver marks, too) are left out, as are options that would not come out of a command line as they went in.
 */
export function storeWords(
  name: string,
  { root_path: root, ...options }: JsonObject,
  marked: readonly string[] = [],
): string[] {
  const place = typeof root === "string" && root !== "" ? absolutePath(root) : undefined;
  const head = name === "files" && place !== undefined ? ["--store", place] : [
    "--driver",
    absoluteReference(name),
    ...(place === undefined ? [] : ["--driver.root_path", place]),
  ];
  return [...head, ...optionWords(options, marked)];
}

function optionWords(options: JsonObject, marked: readonly string[], path = ""): string[] {
  return Object.entries(options).flatMap(([key, value]) => {
    const inner = path === "" ? key : `${path}.${key}`;
    if (JSON.stringify(withoutSecrets(value, marked, inner)) !== JSON.stringify(value)) {
      return isObject(value) ? optionWords(value, marked, inner) : [];
    }
    if (isObject(value) && Object.keys(value).length > 0) return optionWords(value, marked, inner);
    const option = `--driver.${inner}`;
    const text = valueText(option, value);
    return text === undefined ? [] : [option, text];
  });
}

/** A text that is read as the value. */
function valueText(option: string, value: JsonValue): string | undefined {
  const json = JSON.stringify(value);
  const texts = typeof value === "string" ? [value, `"${value}"`] : [json];
  return texts.find((text) => JSON.stringify(parseQuietly(option, text)) === json);
}

function parseQuietly(option: string, text: string): JsonValue | undefined {
  try {
    return parseValue(option, text);
  } catch {
    // Text that begins as JSON does, and is none.
    return undefined;
  }
}
