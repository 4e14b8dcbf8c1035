import type { JsonObject } from "../../json.ts";
import { maskedText } from "../../secrets.ts";
import { isObject } from "../args/document.ts";

/** Where a store is, as far as the options of its driver say; empty where they do not. */
export function placeOf({ root_path: rootPath, kafka }: JsonObject): string {
  if (typeof rootPath === "string") return rootPath;
  if (!isObject(kafka)) return "";
  // By dots on the command line, by its whole name in a file.
  const servers = kafka["bootstrap.servers"] ??
    (isObject(kafka.bootstrap) ? kafka.bootstrap.servers : undefined);
  return servers === undefined || servers === null ? "" : maskedText(String(servers));
}
