import { assertEquals, assertThrows } from "@std/assert";
import { DataDescriptor, DataRangeError } from "../../mod.ts";
import { fuzz, type Random } from "../fuzz/cases.ts";
import { test } from "../harness.ts";

/** The model: a view is the list of the bytes it selects. */
function bytesOf(view: DataDescriptor): number[] {
  return view.flatten().flatMap(({ offset, size }) =>
    Array.from({ length: size }, (_, index) => offset + index)
  );
}

function range(start: number, count: number): number[] {
  return Array.from({ length: count }, (_, index) => start + index);
}

test("a descriptor means the whole data part", () => {
  assertEquals(new DataDescriptor(10).flatten(), [{ offset: 0, size: 10 }]);
  assertEquals([new DataDescriptor(10).size, new DataDescriptor(10).totalSize], [10, 10]);
  assertEquals(new DataDescriptor(0).flatten(), []);
});

test("views compose: offsets count from the start of their parent view", () => {
  const whole = new DataDescriptor(100);
  const view = whole.makeSubView(10, 50).makeSubView(5, 20);
  assertEquals([view.size, view.totalSize], [20, 100]);
  assertEquals(view.flatten(), [{ offset: 15, size: 20 }]);
  const strided = whole.makeSubView(20, 40).makeStridedView(2, 3, 4, 6);
  assertEquals(strided.flatten(), [{ offset: 22, size: 4 }, { offset: 32, size: 4 }, {
    offset: 42,
    size: 4,
  }]);
  const across = strided.makeSubView(3, 6);
  assertEquals(across.flatten(), [{ offset: 25, size: 1 }, { offset: 32, size: 4 }, { offset: 42, size: 1 }]);
  assertEquals(across.makeStridedView(0, 3, 1, 1).flatten().map(({ offset }) => offset), [25, 33, 35]);
});

test("the gap after the last block of a strided view may exceed the bounds", () => {
  const view = new DataDescriptor(10).makeStridedView(0, 3, 2, 2);
  assertEquals(view.flatten().map(({ offset }) => offset), [0, 4, 8]);
  assertThrows(() => new DataDescriptor(9).makeStridedView(0, 3, 2, 2), DataRangeError, "end at 10");
});

test("adjacent pieces become one range, in the given order", () => {
  const whole = new DataDescriptor(20);
  assertEquals(whole.makeUnstructuredView([{ offset: 2, size: 3 }, { offset: 5, size: 4 }]).flatten(), [
    { offset: 2, size: 7 },
  ]);
  assertEquals(whole.makeUnstructuredView([{ offset: 9, size: 1 }, { offset: 2, size: 3 }]).flatten(), [
    { offset: 9, size: 1 },
    { offset: 2, size: 3 },
  ]);
  assertEquals(whole.makeStridedView(3, 5, 2, 0).flatten(), [{ offset: 3, size: 10 }]);
});

test("pieces out of bounds, overlapping or not numbers are refused", () => {
  const view = new DataDescriptor(100).makeSubView(10, 20);
  assertThrows(() => view.makeSubView(0, 21), DataRangeError, "21 bytes at offset 0");
  assertThrows(() => view.makeSubView(21, 0), DataRangeError);
  assertThrows(
    () => view.makeUnstructuredView([{ offset: 0, size: 5 }, { offset: 4, size: 2 }]),
    DataRangeError,
    "overlap",
  );
  assertThrows(
    () => view.makeUnstructuredView([{ offset: 4, size: 2 }, { offset: 4, size: 2 }]),
    DataRangeError,
  );
  for (const wrong of [null, undefined, 5, {}, new Set()] as never[]) {
    assertThrows(
      () => view.makeUnstructuredView(wrong),
      DataRangeError,
      "expected an array of { offset, size }",
    );
  }
  for (const wrong of [null, undefined, 5, {}] as never[]) {
    assertThrows(
      () => view.makeUnstructuredView([wrong]),
      DataRangeError,
      "offset undefined is not a whole number",
    );
  }
  for (const wrong of [-1, 1.5, NaN, Infinity, "1" as never, undefined as never]) {
    assertThrows(() => view.makeSubView(wrong, 1), DataRangeError);
    assertThrows(() => view.makeSubView(0, wrong), DataRangeError);
    assertThrows(() => view.makeStridedView(0, wrong, 1, 1), DataRangeError);
    assertThrows(() => view.makeStridedView(0, 1, 1, wrong), DataRangeError);
    assertThrows(() => new DataDescriptor(wrong), DataRangeError);
  }
});

test("empty views are fine anywhere in bounds", () => {
  const view = new DataDescriptor(10);
  assertEquals(view.makeSubView(10, 0).flatten(), []);
  assertEquals(view.makeStridedView(3, 0, 5, 5).size, 0);
  assertEquals(view.makeStridedView(3, 5, 0, 9).size, 0);
  assertEquals(view.makeUnstructuredView([]).size, 0);
  assertEquals(view.makeSubView(4, 0).makeSubView(0, 0).size, 0);
});

/** Makes a random view, and the same with the model; undefined if the model says it is not possible. */
function randomView(
  random: Random,
  view: DataDescriptor,
  bytes: number[],
): [() => DataDescriptor, number[] | undefined] {
  const near = () => random(bytes.length + 3);
  const pick = (pieces: number[][]): number[] | undefined => {
    const chosen = pieces.flat();
    const isFine = chosen.every((index) => index < bytes.length) && new Set(chosen).size === chosen.length;
    return isFine ? chosen.map((index) => bytes[index]) : undefined;
  };
  switch (random(3)) {
    case 0: {
      const [offset, size] = [near(), near()];
      const wanted = offset > bytes.length ? undefined : pick([range(offset, size)]);
      return [() => view.makeSubView(offset, size), wanted];
    }
    case 1: {
      const [offset, count, size, gap] = [near(), random(5), random(6), random(6)];
      const blocks = Array.from({ length: count }, (_, block) => range(offset + block * (size + gap), size));
      const isEmpty = count === 0 || size === 0;
      return [
        () => view.makeStridedView(offset, count, size, gap),
        isEmpty && offset > bytes.length ? undefined : pick(blocks),
      ];
    }
    default: {
      const pieces = Array.from({ length: random(4) }, () => ({ offset: near(), size: random(5) }));
      const isIn = pieces.every(({ offset, size }) => offset + size <= bytes.length);
      const wanted = isIn ? pick(pieces.map(({ offset, size }) => range(offset, size))) : undefined;
      return [() => view.makeUnstructuredView(pieces), wanted];
    }
  }
}

test("views of views agree with a model that lists every byte", () => {
  fuzz("data_descriptor", (random) => {
    let view = new DataDescriptor(random(40));
    let bytes = range(0, view.size);
    for (let depth = random(5); depth >= 0; depth--) {
      const [make, wanted] = randomView(random, view, bytes);
      if (wanted === undefined) {
        assertThrows(make, DataRangeError);
        continue;
      }
      view = make();
      bytes = wanted;
      assertEquals(bytesOf(view), bytes);
      assertEquals(view.size, bytes.length);
    }
  });
});
