// Appends to a file and syncs it, to see whether a runtime makes these calls through the C library.
import * as fs from "node:fs";
import process from "node:process";

const file = fs.openSync(process.argv[2], "a");
fs.writeSync(file, new Uint8Array(1));
fs.fdatasyncSync(file);
fs.closeSync(file);
