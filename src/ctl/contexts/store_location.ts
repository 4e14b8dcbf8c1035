import type { JsonObject } from "../../json.ts";
import { maskedText } from "../../secrets.ts";
import { isObject } from "../args/document.ts";

/** The location of a store according to the options of its driver; empty if they do not say. */
export function storeLocation({ root_path: rootPath, kafka }: JsonObject): string {
  if (typeof rootPath === "string") return rootPath;
  if (!isObject(kafka)) return "";
  // Nested on the command line, or under its full name in a file.
  const servers = kafka["bootstrap.servers"] ??
    (isObject(kafka.bootstrap) ? kafka.bootstrap.servers : undefined);
  return servers === undefined || servers === null ? "" : maskedText(String(servers));
}
