import { Buffer } from "node:buffer";
import { LimitExceededError } from "../../../errors.ts";
import { CORE_BYTES } from "./core_bytes.ts";

/** What wasm/index.ts exports. WebAssembly knows no booleans: 0 is false. */
export interface CoreExports {
  memory: WebAssembly.Memory;
  staticEnd(): number;
  crc32(ptr: number, bytes: number, seed: number): number;
  crc32c(ptr: number, bytes: number, seed: number): number;
  sealFrame(ptr: number, data: number, trailer: number): void;
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
  try {
    return new WebAssembly.Instance(module).exports as unknown as CoreExports;
  } catch (cause) {
    if (!(cause instanceof RangeError)) throw cause;
    // V8 catches accesses beyond the end by leaving the addresses after it empty.
    throw new LimitExceededError(
      "Cannot load the library: the system refuses the 10 GiB of addresses that the runtime reserves for any " +
        "WebAssembly, of which the library uses little; raise `ulimit -v`, or start Node with " +
        "`--disable-wasm-trap-handler`",
      { cause },
    );
  }
}
