import { assertEquals, assertGreater, assertLess, assertRejects } from "@std/assert";
import { Writable } from "node:stream";
import { BrokenPipeError, Output } from "../../../src/ctl/console/output.ts";
import { test } from "../../harness.ts";

test("many lines are joined into few writes, in order and complete", async () => {
  const chunks: string[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(String(chunk));
      done();
    },
  });
  const out = new Output(stream);
  let expected = "";
  for (let i = 0; i < 100_000; i++) {
    const wait = out.line(`line ${i}`);
    if (wait !== undefined) await wait;
    expected += `line ${i}\n`;
  }
  await out.flush();
  assertEquals(chunks.join(""), expected);
  assertLess(chunks.length, 50);
});

test("text and bytes keep their order", async () => {
  const chunks: Uint8Array[] = [];
  const stream = new Writable({
    write(chunk, _encoding, done) {
      chunks.push(chunk);
      done();
    },
  });
  const out = new Output(stream);
  await out.text("a");
  await out.bytes(new Uint8Array([0, 255]));
  await out.json({ b: 1 });
  await out.flush();
  assertEquals([...chunks.flatMap((chunk) => [...chunk])], [
    97,
    0,
    255,
    ...new TextEncoder().encode('{"b":1}\n'),
  ]);
});

test("writing waits for a slow reader", async () => {
  let taken = 0;
  const stream = new Writable({
    write(chunk, _encoding, done) {
      setTimeout(() => {
        taken += chunk.length;
        done();
      }, 5);
    },
  });
  const out = new Output(stream);
  const wait = out.text("x".repeat(70_000));
  assertGreater(wait === undefined ? 0 : 1, 0);
  await wait;
  assertEquals(taken, 70_000);
});

test("writing after the reader left is a broken pipe, every time", async () => {
  const stream = new Writable({
    write(_chunk, _encoding, done) {
      done(Object.assign(new Error("broken pipe"), { code: "EPIPE" }));
    },
  });
  const out = new Output(stream);
  await out.text("x");
  await assertRejects(() => out.flush(), BrokenPipeError);
  await assertRejects(() => out.flush(), BrokenPipeError);
  assertEquals(out.broken.aborted, true);
});
