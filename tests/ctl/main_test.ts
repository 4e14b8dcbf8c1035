import { assertEquals } from "@std/assert";
import { main } from "../../src/ctl/main.ts";
import { test } from "../harness.ts";
import { until } from "../waiting.ts";
import { hostWith } from "./host.ts";

test("commands with hosts of their own run at the same time, each with its streams and environment", async () => {
  const { signal } = new AbortController();
  const [one, other] = [{ DIASPORA_DRIVER: "memory" }, {}].map((environment) =>
    hostWith({ ...environment, NO_COLOR: "1" }, signal)
  );
  const codes = await Promise.all([one, other].map(({ host }) => main(["topic", "list", "--json"], host)));
  assertEquals(codes, [0, 2]);
  assertEquals([one.written, other.written.out], [{ out: "", error: "" }, ""]);
  const { message } = JSON.parse(other.written.error);
  assertEquals(message.includes('add "--driver NAME", or set DIASPORA_DRIVER'), true);
});

test("a command that does not end by itself runs until its host's signal is aborted", async () => {
  const controller = new AbortController();
  const { host, written } = hostWith({}, controller.signal);
  const ended = main(["ui", "--driver", "memory", "--port", "0"], host);
  await until("the address is printed", () => written.out.endsWith("\n"));
  controller.abort();
  assertEquals(await ended, 0, written.error);
});
