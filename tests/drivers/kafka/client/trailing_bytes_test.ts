import { assertEquals } from "@std/assert";
import { Buffer } from "node:buffer";
import type { Socket } from "node:net";
import { restOf } from "../../../../src/drivers/kafka/client/trailing_bytes.ts";
import { test } from "../../../harness.ts";

/** A socket that keeps what is written. */
function socketWith(written: Buffer[]): Socket {
  return {
    write(chunk: Buffer) {
      written.push(Buffer.from(chunk));
      return true;
    },
  } as unknown as Socket;
}

/** A request with the length of what follows at its beginning. */
function request(...parts: Uint8Array[]): Buffer {
  const body = Buffer.concat(parts);
  const length = Buffer.alloc(4);
  length.writeInt32BE(body.byteLength);
  return Buffer.concat([length, body]);
}

const HEAD = Buffer.from("head");
const REST = Buffer.from("the rest");

test("the rest of a request is written instead of its mark, and counts in its length", () => {
  const written: Buffer[] = [];
  const socket = socketWith(written);
  using rest = restOf(socket, REST);
  socket.write(request(HEAD, rest.mark));
  assertEquals(Buffer.concat(written), request(HEAD, REST));
});

test("requests without a mark, also short ones, and those between others are written as they are", () => {
  const written: Buffer[] = [];
  const socket = socketWith(written);
  const others = [Buffer.from([1]), request(HEAD), request(Buffer.alloc(100))];
  using one = restOf(socket, REST);
  using another = restOf(socket, Buffer.from("another"));
  for (const other of others) socket.write(other);
  socket.write(request(HEAD, another.mark));
  socket.write(request(HEAD, one.mark));
  assertEquals(
    Buffer.concat(written),
    Buffer.concat([...others, request(HEAD, Buffer.from("another")), request(HEAD, REST)]),
  );
});

test("after the end of a request its rest is forgotten", () => {
  const written: Buffer[] = [];
  const socket = socketWith(written);
  const rest = restOf(socket, REST);
  rest[Symbol.dispose]();
  const marked = request(HEAD, rest.mark);
  socket.write(marked);
  assertEquals(Buffer.concat(written), marked);
});
