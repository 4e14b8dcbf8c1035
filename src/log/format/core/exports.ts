import { Buffer } from "node:buffer";
import { CORE_BYTES } from "./core_bytes.ts";

/** What wasm/index.ts exports. WebAssembly knows no booleans: 0 is false. */
export interface CoreExports {
  memory: WebAssembly.Memory;
  staticEnd(): number;
  crc32(ptr: number, bytes: number, seed: number): number;
  crc32Sliced(ptr: number, bytes: number, seed: number): number;
  crc32c(ptr: number, bytes: number, seed: number): number;
  sealFrame(ptr: number): number;
  checkRecord(ptr: number, salt: number, trailer: number): number;
  sameFrame(header: number, trailer: number): number;
  findRecord(ptr: number, bytes: number, salt: number, anySalt: number): number;
  hasControls(ptr: number, bytes: number): number;
  checkIndexEntry(ptr: number, salt: number): number;
  lookupById(ptr: number, entryCount: number, salt: number, id: number): number;
  lookupByTime(ptr: number, entryCount: number, salt: number, time: number): number;
}

/** Compiles and instantiates the log core: synchronously, from bytes in the source, with no permission. */
export function instantiateCore(): CoreExports {
  // Not atob() and a loop: before any code is compiled, that takes three times as long as all the rest.
  const module = new WebAssembly.Module(Buffer.from(CORE_BYTES, "base64"));
  return new WebAssembly.Instance(module).exports as unknown as CoreExports;
}
