// The server's answers, on every runtime.
import {
  assert,
  assertEquals,
  assertGreater,
  assertLess,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { cpSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { Driver } from "../../mod.ts";
import type {
  ConsumerView,
  EventsView,
  LiveView,
  Page,
  Rates,
  Sample,
  SegmentView,
  StoreView,
  TopicLine,
  TopicView,
  VerifyView,
} from "../../src/ui/contract.ts";
import { test } from "../harness.ts";
import { SAMPLE_ROOT } from "../cpp_files/sample.ts";
import { PATIENCE_MS, until } from "../waiting.ts";
import { pushMany, serve } from "./served.ts";
import { bitwiseCrc32 } from "../wasm/reference.ts";

test("an address without a host is refused with the reason, on every runtime", async () => {
  // Too long for a name, so that no name server is asked.
  const host = "a".repeat(70);
  await assertRejects(
    () => serve(() => Promise.resolve(), { host }),
    Error,
    `Cannot listen on "${host}", port 0: there is no such host name`,
  );
});

test("the page and its files are served with a policy that forbids everything they do not need", async () => {
  await serve(async ({ fetch }) => {
    for (
      const [path, type] of [["", "text/html"], ["page.js", "text/javascript"], ["page.css", "text/css"], [
        "icon.svg",
        "image/svg+xml",
      ]]
    ) {
      const response = await fetch(path);
      assertEquals([response.status, response.headers.get("content-type")?.split(";")[0]], [200, type]);
      assertGreater((await response.text()).length, 100);
      const policy = response.headers.get("content-security-policy")!;
      assertStringIncludes(policy, "default-src 'none'");
      assertStringIncludes(policy, "require-trusted-types-for 'script'");
      assert(!policy.includes("unsafe"));
      assertEquals(response.headers.get("x-content-type-options"), "nosniff");
    }
    // What a monitor, or curl -I, asks.
    for (const path of ["", "metrics", "api/topics"]) {
      const head = await fetch(path, { method: "HEAD" });
      assertEquals([head.status, await head.text()], [200, ""], path);
    }
    const page = await (await fetch("")).text();
    assertEquals(page.match(/(?:src|href)="(?!\/)/g), null);
    assertEquals(page.match(/<script(?![^>]*\bsrc=)|\bon\w+=|\bstyle=/g), null);
  });
});

test("topics are listed page by page with their counts, rates and faults", async () => {
  await serve(async ({ get, fill, driver }) => {
    for (let n = 0; n < 7; n++) {
      await fill(`topic-${n}`, { num_partitions: 2 }, (topic) => pushMany(topic, n * 10));
    }
    const store = await get<StoreView>("api/store");
    assertEquals([store.driver, store.version, store.hasFiles], ["files", "1.2.3", true]);
    const page = await get<Page<TopicLine>>("api/topics?offset=2&limit=3");
    assertEquals([page.total, page.offset], [7, 2]);
    assertEquals(page.items.map(({ name, numPartitions, totals }) => [name, numPartitions, totals!.events]), [
      ["topic-2", 2, 20],
      ["topic-3", 2, 30],
      ["topic-4", 2, 40],
    ]);
    const found = await get<Page<TopicLine>>("api/topics?search=C-5");
    assertEquals(found.items.map(({ name, rate }) => [name, rate]), [["topic-5", undefined]]);
    await using topic = await driver.openTopic("topic-5");
    await pushMany(topic, 1000);
    const [line] = (await get<Page<TopicLine>>("api/topics?search=c-5")).items;
    assertEquals(line.totals!.events, 1050);
    assertGreater(line.rate!, 1);
  });
});

test("a topic is described, a page of partitions at a time", async () => {
  await serve(async ({ get, fill }) => {
    await fill("t", { num_partitions: 5, retention_seconds: 3600 }, (topic) => pushMany(topic, 100));
    const view = await get<TopicView>("api/topics/t?offset=3&limit=10");
    assertEquals([view.totals.events, view.partitions.total], [100, 5]);
    assertEquals(view.partitions.items.map(({ partition, nextId }) => [partition, nextId]), [[3, 20], [
      4,
      20,
    ]]);
    assertEquals([view.options.retention_seconds, view.validator], [3600, { type: "default" }]);
  });
});

test("events are paged: the newest, earlier ones, and from an id or a time", async () => {
  await serve(async ({ get, fill }) => {
    await fill("t", { num_partitions: 1 }, (topic) => pushMany(topic, 1000));
    const ids = ({ events }: EventsView): number[] => events.map(({ id }) => id);
    const range = (from: number, to: number): number[] =>
      Array.from({ length: to - from }, (_, n) => from + n);
    const newest = await get<EventsView>("api/topics/t/events?limit=20");
    assertEquals([ids(newest), newest.fromId, newest.untilId, newest.firstId, newest.endId], [
      range(980, 1000),
      980,
      1000,
      0,
      1000,
    ]);
    assertEquals(ids(await get("api/topics/t/events?limit=20&before=980")), range(960, 980));
    assertEquals(ids(await get("api/topics/t/events?limit=20&before=5")), range(0, 5));
    assertEquals(ids(await get("api/topics/t/events?limit=3&from=500")), [500, 501, 502]);
    assertEquals(ids(await get("api/topics/t/events?limit=3&from=99999")), []);
    const { timestamp } = newest.events[0];
    const atTime = await get<EventsView>(`api/topics/t/events?limit=3&time=${timestamp}`);
    assert(atTime.events.length > 0 && atTime.events[0].timestamp >= timestamp);
    assertEquals(ids(await get(`api/topics/t/events?time=${Date.now() + 60_000}`)), []);
    const [event] = (await get<EventsView>("api/topics/t/events?limit=1&from=10")).events;
    assertEquals([event.metadata, event.dataBytes], ['{"n":10,"kind":"other"}', 11]);
  });
});

test("a filter finds matches forwards and backwards, and an invalid one is explained", async () => {
  await serve(async ({ get, fetch, fill }) => {
    await fill("t", { num_partitions: 1 }, (topic) => pushMany(topic, 10_000));
    const filter = encodeURIComponent('{"kind": ["third"], "n": [{"numeric": [">=", 6000]}]}');
    const forwards = await get<EventsView>(`api/topics/t/events?limit=5&from=0&filter=${filter}`);
    assertEquals(forwards.events.map(({ id }) => id), [6000, 6003, 6006, 6009, 6012]);
    assertEquals([forwards.fromId, forwards.untilId], [0, 6013]);
    const backwards = await get<EventsView>(`api/topics/t/events?limit=5&filter=${filter}`);
    assertEquals(backwards.events.map(({ id }) => id), [9987, 9990, 9993, 9996, 9999]);
    assertEquals(backwards.fromId, 9987);
    const before = await get<EventsView>(
      `api/topics/t/events?limit=2&before=${backwards.fromId}&filter=${filter}`,
    );
    assertEquals(before.events.map(({ id }) => id), [9981, 9984]);
    for (
      const [wrong, why] of [["{", "The filter is not JSON"], ['{"a": [{"numeric": ["!", 1]}]}', "pattern"]]
    ) {
      const response = await fetch(`api/topics/t/events?filter=${encodeURIComponent(wrong)}`);
      assertEquals(response.status, 400);
      assertStringIncludes((await response.json()).fault, why);
    }
  });
});

test("the newest events of all partitions are in the order of their times", async () => {
  await serve(async ({ get, fill }) => {
    await fill("t", { num_partitions: 3 }, async (topic) => {
      await using producer = topic.producer();
      for (let n = 0; n < 30; n++) await producer.push({ n }, undefined, { partition: n % 3 });
    });
    const { events } = await get<EventsView>("api/topics/t/latest?limit=10");
    assertEquals(events.length, 10);
    const times = events.map(({ timestamp }) => timestamp);
    assertEquals(times, [...times].sort());
    assertEquals(new Set(events.map(({ partition }) => partition)), new Set([0, 1, 2]));
    assertEquals(events.map(({ metadata }) => JSON.parse(metadata).n).includes(29), true);
  });
});

test("metadata and data are served whole or in part, in types a browser never runs", async () => {
  await serve(async ({ fetch, get, fill }) => {
    const data = new Uint8Array(3_000_000).map((_, at) => at % 251);
    const text = `{"html":"<script>alert(1)</script>","big":123456789012345678901234567890,"pad":"${
      "x".repeat(10_000)
    }"}`;
    await fill("t", { num_partitions: 1 }, async (topic) => void await topic.producer().push(text, data));
    const [event] = (await get<EventsView>("api/topics/t/events")).events;
    assertEquals([event.metadata.length, event.metadataChars], [4096, text.length]);
    const whole = await fetch("api/topics/t/partitions/0/events/0");
    assertEquals([await whole.text(), whole.headers.get("content-type")], [
      text,
      "text/plain; charset=utf-8",
    ]);
    const part = await fetch("api/topics/t/partitions/0/events/0/data?offset=70000&size=5");
    assertEquals([...new Uint8Array(await part.arrayBuffer())], [...data.subarray(70000, 70005)]);
    const all = await fetch("api/topics/t/partitions/0/events/0/data");
    assertEquals(all.headers.get("content-type"), "application/octet-stream");
    assertStringIncludes(all.headers.get("content-disposition")!, "attachment");
    const bytes = new Uint8Array(await all.arrayBuffer());
    assert(bytes.length === data.length && bytes.every((byte, at) => byte === data[at]));
    for (
      const [path, status] of [
        ["partitions/0/events/0/data?offset=2999999&size=2", 400],
        ["partitions/0/events/7", 404],
        ["partitions/0/events/x", 404],
        ["partitions/9/events/0", 404],
      ] as const
    ) {
      const response = await fetch(`api/topics/t/${path}`);
      await response.body?.cancel();
      assertEquals(response.status, status, path);
    }
  });
});

/** A live tail. */
interface Tail {
  /** The next message. */
  next(): Promise<LiveView>;
  cancel(): Promise<void>;
}

/** The events of a live tail as they arrive. */
async function listen(response: Response): Promise<Tail> {
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const next = async (): Promise<LiveView> => {
    for (;;) {
      const end = text.indexOf("\n\n");
      if (end >= 0) {
        const [kind, data] = text.slice(0, end).split("\n");
        text = text.slice(end + 2);
        assertEquals(kind, "event: events");
        return JSON.parse(data.slice("data: ".length)) as LiveView;
      }
      const { value, done } = await reader.read();
      if (done) throw new Error("the live tail ended");
      text += value;
    }
  };
  await Promise.resolve();
  return { next, cancel: () => reader.cancel() };
}

test("a live tail sends filtered events from any process, and counts those left out", async () => {
  await serve(async ({ fetch, fill, root }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 100));
    const tail = await listen(await fetch("api/topics/t/live"));
    const filter = encodeURIComponent('{"n": [100003]}');
    const filtered = await listen(await fetch(`api/topics/t/live?filter=${filter}`));
    assertEquals(await tail.next(), { events: [], skipped: 0 });
    assertEquals(await filtered.next(), { events: [], skipped: 0 });
    // Another driver, as in another process.
    await using driver = await Driver.open("files", { root_path: root });
    await using topic = await driver.openTopic("t");
    await pushMany(topic, 10, 100_000);
    // Heartbeat messages have no events.
    const seenBy = async (tail: Tail, count: number): Promise<number[]> => {
      const seen: number[] = [];
      while (seen.length < count) {
        seen.push(...(await tail.next()).events.map(({ metadata }) => JSON.parse(metadata).n));
      }
      return seen.sort();
    };
    assertEquals(await seenBy(tail, 10), Array.from({ length: 10 }, (_, n) => 100_000 + n));
    assertEquals(await seenBy(filtered, 1), [100_003]);
    await pushMany(topic, 50_000, 200_000);
    let [shown, skipped] = [0, 0];
    while (shown + skipped < 50_000) {
      const view = await tail.next();
      shown += view.events.length;
      skipped += view.skipped;
    }
    assertEquals(shown + skipped, 50_000);
    assertLess(shown, 5000);
    await tail.cancel();
    await filtered.cancel();
  });
});

test("rates are computed from the log's times, without reading events", async () => {
  await serve(async ({ get, fill }) => {
    const before = Date.now();
    let pauseMs = 0;
    await fill("t", { num_partitions: 2 }, async (topic) => {
      await pushMany(topic, 300);
      await new Promise((resolve) => setTimeout(resolve, 20));
      pauseMs = Date.now() - 10;
      await pushMany(topic, 700);
    });
    // The pause is in the middle, however long storing took.
    const around = Math.max(pauseMs - before, Date.now() + 1 - pauseMs);
    const path = `api/topics/t/rates?from=${pauseMs - around}&to=${pauseMs + around}`;
    let rates: Rates | undefined;
    await until("the rates are available", async () => {
      rates = await get<Rates>(path);
      return rates.unavailable !== true;
    });
    const { times, events } = rates!;
    assertEquals(times.length, events.length + 1);
    const sum = (events: readonly number[]): number => events.reduce((sum, events) => sum + events, 0);
    assertEquals([times[events.length / 2], sum(events.slice(0, events.length / 2)), sum(events)], [
      pauseMs,
      300,
      1000,
    ]);
    assertEquals((await get<Rates>("api/topics/t/rates?from=5&to=5")).unavailable, true);
  });
});

test("samples are taken while a topic is watched, with the lag of every consumer", async () => {
  await serve(async ({ get, fill, driver }) => {
    await fill("t", { num_partitions: 1 }, (topic) => pushMany(topic, 50));
    await using topic = await driver.openTopic("t");
    await topic.seekConsumer("behind/100%", { id: 20 });
    const first = await get<Sample[]>("api/topics/t/samples");
    assertEquals(first.map(({ events, lag }) => [events, lag]), [[50, { "behind/100%": 30 }]]);
    await pushMany(topic, 50);
    let newest: Sample | undefined;
    // One may be reported while the events are being stored.
    await until("a sample of all events was noted", async () => {
      newest = (await get<Sample[]>(`api/topics/t/samples?since=${first[0].time}`)).at(-1);
      return newest?.events === 100;
    });
    assertEquals(newest?.lag, { "behind/100%": 80 });
  });
});

test("samples of a topic with many positions have the consumer with the largest lag, whatever its name", async () => {
  await serve(async ({ get, fill }) => {
    await fill("t", { num_partitions: 210 }, async (topic) => {
      await pushMany(topic, 210);
      for (let n = 0; n < 5; n++) await topic.seekConsumer(`c${n}`, n === 4 ? "earliest" : "latest");
    });
    let newest: Sample | undefined;
    // A busy machine asks one consumer per sample, and takes one every two seconds or less often.
    await until("all consumers were asked", async () => {
      newest = (await get<Sample[]>("api/topics/t/samples")).at(-1);
      return newest?.lag["c4"] !== undefined;
    }, 4 * PATIENCE_MS);
    assertEquals([newest?.lag["c4"], newest?.lag["c3"]], [210, 0]);
  });
});

test("a group's members are listed with their partitions, and other consumers have none", async () => {
  await serve(async ({ get, fill, driver }) => {
    await fill("t", { num_partitions: 3 }, (topic) => pushMany(topic, 9));
    await using topic = await driver.openTopic("t");
    await topic.seekConsumer("alone", "latest");
    await using one = topic.consumer("shared", { group: true });
    await one.ready();
    await using two = topic.consumer("shared", { group: true });
    await two.ready();
    const { items } = await get<Page<ConsumerView>>("api/topics/t/consumers");
    const [alone, shared] = items;
    assertEquals([alone.name, alone.members], ["alone", undefined]);
    assertEquals(shared.members?.map(({ pid }) => pid), [process.pid, process.pid]);
    await until("the partitions are those of the members", async () => {
      const [, { members }] = (await get<Page<ConsumerView>>("api/topics/t/consumers")).items;
      const shown = members?.map(({ partitions }) => [...partitions]).sort();
      return JSON.stringify(shown) ===
        JSON.stringify([one.partitions, two.partitions].map((all) => [...all]).sort());
    });
  });
});

test("consumers and segments are listed page by page", async () => {
  await serve(async ({ get, fill, driver }) => {
    await fill("t", { num_partitions: 2, segment_bytes: 4096 }, async (topic) => {
      for (let n = 0; n < 3000; n += 100) await pushMany(topic, 100);
    });
    await using topic = await driver.openTopic("t");
    for (const name of ["a", "b", "c"]) await topic.seekConsumer(name, { id: 100 });
    const consumers = await get<Page<ConsumerView>>("api/topics/t/consumers?offset=1&limit=1");
    assertEquals([consumers.total, consumers.items.map(({ name, events }) => [name, events])], [3, [[
      "b",
      2800,
    ]]]);
    assertEquals(consumers.items[0].partitions.map(({ position }) => position), [100, 100]);
    const segments = await get<Page<SegmentView>>("api/topics/t/segments?partition=1&limit=500");
    assertGreater(segments.total, 5);
    assertEquals(segments.items.length, segments.total);
    const oldestFirst = segments.items.toReversed();
    assertEquals(oldestFirst[0].firstId, 0);
    oldestFirst.slice(1).forEach(({ firstId }, at) => assertEquals(oldestFirst[at].endId, firstId));
    assertEquals([oldestFirst.at(-1)!.endId, (await topic.describe())[1].segments], [
      undefined,
      segments.total,
    ]);
    const some = await get<Page<SegmentView>>("api/topics/t/segments?partition=1&offset=2&limit=2");
    assertEquals(some.items, segments.items.slice(2, 4));
  });
});

test("a verification reports a flipped bit and its place; it can be stopped and polled", async () => {
  await serve(async ({ get, fetch, fill, root }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 500));
    assertEquals((await get<VerifyView>("api/topics/t/verify")).state, "never");
    const verify = async (): Promise<VerifyView> => {
      await (await fetch("api/topics/t/verify", { method: "POST" })).body?.cancel();
      let view: VerifyView | undefined;
      await until("it is verified", async () => {
        view = await get<VerifyView>("api/topics/t/verify");
        return view.state !== "running";
      });
      return view!;
    };
    const whole = await verify();
    assertEquals([whole.state, whole.counts, whole.events], [
      "done",
      { damage: 0, redundant: 0, torn: 0, foreign: 0, unreadable: 0 },
      500,
    ]);
    assert(whole.bytes > 0.98 * whole.bytesTotal && whole.bytes <= whole.bytesTotal);
    const folder = join(root, "t/partitions/00000001");
    const path = join(folder, readdirSync(folder).find((name) => name.endsWith(".log"))!);
    const bytes = readFileSync(path);
    const at = Math.floor(bytes.length / 2);
    writeSync(openSync(path, "r+"), new Uint8Array([bytes[at] ^ 1]), 0, 1, at);
    const damaged = await verify();
    assertGreater(damaged.counts.damage, 0);
    assertEquals([damaged.findings[0].partition, damaged.findings[0].file], [1, path]);
    const stopped = await fetch("api/topics/t/verify", { method: "DELETE" });
    assertEquals((await stopped.json()).state, "done");
  });
});

test("another program's files and a file of a newer format are not reported as damage", async () => {
  await serve(async ({ get, fetch, fill, root }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 10));
    const partitions = join(root, "t/partitions");
    // The topic can no longer be opened.
    writeFileSync(join(partitions, "00000000/index"), new Uint8Array(64));
    const name = readdirSync(join(partitions, "00000001")).find((name) => name.endsWith(".log"))!;
    const bytes = readFileSync(join(partitions, "00000001", name));
    bytes[8] = 2;
    bytes.writeUInt32LE(bitwiseCrc32(bytes.subarray(0, 60)), 60);
    writeFileSync(join(partitions, "00000001", name), bytes);
    await (await fetch("api/topics/t/verify", { method: "POST" })).body?.cancel();
    let view: VerifyView | undefined;
    await until("it is verified", async () => {
      view = await get<VerifyView>("api/topics/t/verify");
      return view.state !== "running";
    });
    assertEquals(view!.counts, { damage: 0, redundant: 0, torn: 0, foreign: 1, unreadable: 1 });
    assertEquals(view!.findings.map(({ severity }) => severity), ["foreign", "unreadable"]);
  });
});

test("no verification of a topic of the C++ driver is offered: the answer says how to import it", async () => {
  await serve(async ({ fetch, root }) => {
    cpSync(join(SAMPLE_ROOT, "sample"), join(root, "sample"), { recursive: true });
    for (const [path, method] of [["", "GET"], ["/verify", "GET"], ["/verify", "POST"]]) {
      const response = await fetch(`api/topics/sample${path}`, { method });
      const { code, fault } = await response.json();
      assertEquals([path, response.status, code], [path, 400, "ERR_FOREIGN_LAYOUT"]);
      assertStringIncludes(fault, "diaspora-ctl import --from cpp-files");
    }
  });
});

test("damaged events are left out of a page of events, which says so", async () => {
  await serve(async ({ get, fill, root }) => {
    await fill("t", { num_partitions: 1 }, async (topic) => {
      await using producer = topic.producer({ batchSize: 10 });
      for (let n = 0; n < 30; n++) producer.push({ n, mark: `mark-${n}-mark` });
      await producer.flush();
    });
    const folder = join(root, "t/partitions/00000000");
    const path = join(folder, readdirSync(folder).find((name) => name.endsWith(".log"))!);
    const at = readFileSync(path).indexOf("mark-15-mark");
    writeSync(openSync(path, "r+"), new Uint8Array([0x58]), 0, 1, at);
    const view = await get<EventsView>("api/topics/t/events?from=0");
    assertEquals(view.damage.length, 1);
    assertStringIncludes(view.damage[0], "events 10 to 19");
    assertEquals(view.events.map(({ id }) => id).filter((id) => id >= 10 && id < 20), []);
    assertEquals(view.events.length, 20);
  });
});

test("a recreated topic is shown soon, and a deleted one is reported", async () => {
  await serve(async ({ get, fetch, fill, driver }) => {
    await fill("t", { num_partitions: 1 }, (topic) => pushMany(topic, 10));
    assertEquals((await get<EventsView>("api/topics/t/events")).endId, 10);
    const tail = await listen(await fetch("api/topics/t/live"));
    await tail.next();
    await driver.deleteTopic("t");
    await fill("t", { num_partitions: 1 }, (topic) => pushMany(topic, 3));
    await until("it is the new one", async () => (await get<EventsView>("api/topics/t/events")).endId === 3);
    // Heartbeat messages only say that the connection is up.
    let heard = await tail.next();
    while (heard.events.length === 0) heard = await tail.next();
    assertEquals(heard.events.map(({ id }) => id), [0, 1, 2]);
    await tail.cancel();
    await driver.deleteTopic("t");
    await until("its end is noticed", async () => {
      const response = await fetch("api/topics/t");
      await response.text();
      return response.status === 404;
    });
    for (const path of ["", "/events", "/samples", "/consumers", "/live"]) {
      const response = await fetch(`api/topics/t${path}`);
      assertEquals([path, response.status], [path, 404]);
      assertStringIncludes((await response.json()).fault, '"t"');
    }
  }, { topicAgeMs: 200 });
});

test("invalid requests get an answer that says why", async () => {
  await serve(async ({ fetch, fill, root }) => {
    await fill("t", { num_partitions: 1 }, () => {});
    for (
      const [path, status, part] of [
        ["api/nothing", 404, "nothing"],
        ["nothing", 404, "nothing"],
        ["api/topics/t/nothing", 404, "nothing"],
        ["api/topics/%ff", 400, "not text"],
        ["api/topics/..%2Fsecret", 404, "secret"],
        ["api/topics/nowhere", 404, `no such topic under "${root}"`],
        ["api/topics/t/events?limit=many", 400, '"limit" takes a whole number'],
        ["api/topics/t/events?partition=9", 404, "partition 9"],
        ["api/topics/t/live?partition=9", 404, "partition 9"],
        ["api/topics/t/segments?partition=9", 404, "partition 9"],
      ] as const
    ) {
      const response = await fetch(path);
      const { fault } = await response.json();
      assertEquals([path, response.status], [path, status]);
      assertStringIncludes(fault, part);
    }
    const posted = await fetch("api/topics/t/events", { method: "POST" });
    assertEquals(posted.status, 400);
    await posted.body?.cancel();
    const put = await fetch("api/topics/t", { method: "PUT" });
    assertEquals(put.status, 400);
    await put.body?.cancel();
  });
});

test("a driver without files is shown without segments and verification", async () => {
  await using driver = await Driver.open("memory", {});
  await serve(async ({ get, fetch, fill }) => {
    await fill("t", { num_partitions: 2 }, (topic) => pushMany(topic, 20));
    assertEquals((await get<StoreView>("api/store")).hasFiles, false);
    assertEquals((await get<EventsView>("api/topics/t/events?partition=1")).events.length, 10);
    assertEquals((await get<Rates>("api/topics/t/rates")).events.reduce((sum, count) => sum + count, 0), 20);
    for (const path of ["segments", "verify"]) {
      const response = await fetch(`api/topics/t/${path}`);
      assertEquals(response.status, 404);
      await response.body?.cancel();
    }
  }, { driver });
});

test("looking changes no byte of the store's events and positions", async () => {
  await serve(async ({ get, fetch, fill, root, driver }) => {
    await fill("t", { num_partitions: 2, segment_bytes: 8192 }, (topic) => pushMany(topic, 2000));
    await using topic = await driver.openTopic("t");
    await topic.seekConsumer("reader", { id: 5 });
    // Any reader may create indexes; they contain nothing that is not in the log.
    const content = (): string[] =>
      readdirSync(root, { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && !entry.name.endsWith(".idx"))
        .map(({ parentPath, name }) =>
          `${parentPath}/${name} ${readFileSync(join(parentPath, name)).toString("base64")}`
        )
        .sort();
    const before = content();
    for (
      const path of [
        "",
        "/samples",
        "/rates",
        "/segments",
        "/consumers",
        "/events?from=0",
        "/latest",
        "/verify",
      ]
    ) {
      await get(`api/topics/t${path}`);
    }
    await (await fetch("api/topics/t/verify", { method: "POST" })).body?.cancel();
    await until(
      "it is verified",
      async () => (await get<VerifyView>("api/topics/t/verify")).state === "done",
    );
    assertEquals(content(), before);
  });
});
