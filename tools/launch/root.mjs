// @ts-check
import { fileURLToPath } from "node:url";

/**
 * The absolute path of a file named from the root of the repository.
 * @param {string} path
 * @returns {string}
 */
export function fromRoot(path) {
  return fileURLToPath(new URL(path, new URL("../../", import.meta.url)));
}
