import { absoluteReference } from "../../components/modules.ts";
import { absolutePath } from "../../drivers/files/root_path.ts";
import { isObject, type JsonObject, type JsonValue } from "../../json.ts";
import { withoutSecrets } from "../../secrets.ts";
import { parseValue } from "../args/value.ts";

/**
 * The command line words that select a store from any directory: `--store /data`, or the driver with its options.
 * It omits secrets (including those declared by the driver), and options that a command line could not reproduce.
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

/** A text that parses as the value. */
function valueText(option: string, value: JsonValue): string | undefined {
  const json = JSON.stringify(value);
  const texts = typeof value === "string" ? [value, `"${value}"`] : [json];
  return texts.find((text) => JSON.stringify(parseQuietly(option, text)) === json);
}

function parseQuietly(option: string, text: string): JsonValue | undefined {
  try {
    return parseValue(option, text);
  } catch {
    // Text that starts like JSON but is not.
    return undefined;
  }
}
