import { assertEquals, assertThrows } from "@std/assert";
import { InvalidOptionError } from "../../mod.ts";
import { readTrimRequest } from "../../src/contract/trim.ts";
import { test } from "../harness.ts";

test("a trim request names at least one condition", () => {
  for (
    const request of [{ beforeId: 0 }, { beforeTime: 5 }, { beforeTime: new Date() }, {
      maxBytes: 0,
      bytesMax: 0,
    }, {
      acknowledged: true,
    }]
  ) {
    assertEquals(readTrimRequest(request), request);
  }
  for (const request of [{}, { partitions: [0] }, { acknowledged: false }, { dryRun: true }]) {
    assertThrows(
      () => readTrimRequest(request),
      InvalidOptionError,
      "say what to remove by one of beforeId, beforeTime",
    );
  }
});

test("invalid conditions are named", () => {
  const cases: [Record<string, unknown>, string][] = [
    [{ beforeId: -1 }, 'trim option "beforeId": expected an event id'],
    [{ maxBytes: "1 GB" }, 'trim option "maxBytes": expected a number of bytes'],
    [{ bytesMax: "1 GB" }, 'trim option "bytesMax": expected a number of bytes'],
    [{ beforeTime: "yesterday" }, 'trim option "beforeTime": expected milliseconds'],
    [{ acknowledged: 1 }, 'trim option "acknowledged": expected true or false'],
    [{ beforeId: 1, dryRun: "yes" }, 'trim option "dryRun"'],
    [{ before_id: 1 }, 'did you mean "beforeId"?'],
  ];
  for (const [request, message] of cases) {
    assertThrows(() => readTrimRequest(request as never), InvalidOptionError, message);
  }
});
