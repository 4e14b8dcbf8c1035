// Appends to a file and prints the system error with which that fails.
import process from "node:process";
import type { StorageError } from "../../src/errors.ts";
import { nodeStorage } from "../../src/storage/node.ts";

const file = nodeStorage.open(process.argv[2], "append");
try {
  file.append(new Uint8Array(8));
  console.log("nothing failed");
} catch (error) {
  console.log((error as StorageError).errno);
}
