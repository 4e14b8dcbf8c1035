import { Buffer } from "node:buffer";
import { randomBytes } from "node:crypto";
import type { Socket } from "node:net";

/*
 * The client copies what it sends into new memory, which for large requests takes longer than everything else. So it
 * gets the beginning of a request only, with a mark for the rest, which is written right after it instead of the mark.
 */
const PREFIX: Buffer = randomBytes(12);
const MARK_BYTES = PREFIX.byteLength + 4;
/** What the length at the beginning of a request does not count. */
const LENGTH_BYTES = 4;

const rests = new Map<number, Uint8Array>();
const watched = new WeakSet<Socket>();
let marks = 0;

/** The rest of a request, until it is disposed of. */
interface Rest extends Disposable {
  /** Stands for it at the end of a request's beginning. */
  mark: Buffer;
}

/** Writes these bytes instead of the mark, in the next request on that socket that ends with it. */
export function restOf(socket: Socket, bytes: Uint8Array): Rest {
  watch(socket);
  const number = marks = (marks + 1) >>> 0;
  rests.set(number, bytes);
  const mark = Buffer.allocUnsafe(MARK_BYTES);
  mark.set(PREFIX);
  mark.writeUInt32BE(number, PREFIX.byteLength);
  return { mark, [Symbol.dispose]: () => void rests.delete(number) };
}

function watch(socket: Socket): void {
  if (watched.has(socket)) return;
  watched.add(socket);
  const write = socket.write.bind(socket) as (chunk: Uint8Array) => boolean;
  socket.write = (chunk: unknown) => {
    const request = chunk as Buffer;
    const rest = restIn(request);
    if (rest === undefined) return write(request);
    const beginning = request.subarray(0, request.byteLength - MARK_BYTES);
    beginning.writeInt32BE(beginning.byteLength - LENGTH_BYTES + rest.byteLength);
    write(beginning);
    return write(rest);
  };
}

function restIn(request: Buffer): Uint8Array | undefined {
  const markAt = request.byteLength - MARK_BYTES;
  if (markAt < LENGTH_BYTES) return undefined;
  const numberAt = markAt + PREFIX.byteLength;
  if (PREFIX.compare(request, markAt, numberAt) !== 0) return undefined;
  return rests.get(request.readUInt32BE(numberAt));
}
