import type { JsonObject } from "../../../../mod.ts";
import { UsageError } from "../../usage_error.ts";
import { checkKeys } from "../options.ts";

/**
 * The location of a topic of the C++ driver: the driver's `root_path`, and the topic's name there if it differs.
 */
export function cppLocation(
  prefix: "to" | "from",
  options: JsonObject,
  topicName: string,
): { rootPath: string; name: string } {
  checkKeys(prefix, options, ["root_path", "name"]);
  const { root_path: rootPath, name = topicName } = options;
  if (rootPath === undefined) {
    throw new UsageError(
      `Missing option: add "--${prefix}.root_path DIR", the root_path of the C++ files driver`,
    );
  }
  // Both may look like a number.
  return { rootPath: String(rootPath), name: String(name) };
}
