/** Objects under comparison, so that cycles end. */
type Seen = Map<object, Set<object>>;

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** Own enumerable keys, also those whose value is undefined. */
function keysOf(value: object): (string | symbol)[] {
  return Reflect.ownKeys(value).filter((key) => Object.prototype.propertyIsEnumerable.call(value, key));
}

function equalSets(left: Set<unknown>, right: Set<unknown>, seen: Seen): boolean {
  if (left.size !== right.size) return false;
  const unmatched = new Set(right);
  for (const item of left) {
    if (unmatched.delete(item)) continue;
    const match = [...unmatched].find((other) => compare(item, other, seen));
    if (match === undefined) return false;
    unmatched.delete(match);
  }
  return true;
}

function equalMaps(left: Map<unknown, unknown>, right: Map<unknown, unknown>, seen: Seen): boolean {
  if (left.size !== right.size) return false;
  const unmatched = new Map(right);
  for (const [key, value] of left) {
    const match = [...unmatched].find(([other, its]) =>
      compare(key, other, seen) && compare(value, its, seen)
    );
    if (match === undefined) return false;
    unmatched.delete(match[0]);
  }
  return true;
}

function equalBytes(left: ArrayBufferView | ArrayBuffer, right: ArrayBufferView | ArrayBuffer): boolean {
  const [a, b] = [left, right].map((value) =>
    ArrayBuffer.isView(value)
      ? new Uint8Array(value.buffer, value.byteOffset, value.byteLength)
      : new Uint8Array(value)
  );
  return a.length === b.length && a.every((byte, index) => byte === b[index]);
}

function isBytes(value: object): value is ArrayBufferView | ArrayBuffer {
  return value instanceof ArrayBuffer || value instanceof DataView;
}

function equalObjects(left: object, right: object, seen: Seen): boolean {
  if (left instanceof Date && right instanceof Date) return Object.is(left.getTime(), right.getTime());
  if (left instanceof RegExp && right instanceof RegExp) return String(left) === String(right);
  if (left instanceof URL && right instanceof URL) return String(left) === String(right);
  if (left instanceof Set && right instanceof Set) return equalSets(left, right, seen);
  if (left instanceof Map && right instanceof Map) return equalMaps(left, right, seen);
  if (left instanceof WeakMap || left instanceof WeakSet) {
    throw new TypeError("Cannot compare WeakMap or WeakSet instances");
  }
  if (isBytes(left) && isBytes(right)) return equalBytes(left, right);
  if (left instanceof Error && right instanceof Error && left.message !== right.message) return false;
  if (Array.isArray(left) && Array.isArray(right) && left.length !== right.length) return false;
  if (ArrayBuffer.isView(left) && ArrayBuffer.isView(right)) {
    const [a, b] = [left as Uint8Array, right as Uint8Array];
    return a.length === b.length && a.every((item, index) => Object.is(item, b[index]));
  }
  const keys = keysOf(left);
  if (keys.length !== keysOf(right).length) return false;
  return keys.every((key) => key in right && compare(Reflect.get(left, key), Reflect.get(right, key), seen));
}

/** Boxed and null-prototype objects aside, two objects are only equal if the same constructor made them. */
function sameKind(left: object, right: object): boolean {
  const [a, b] = [left.constructor, right.constructor];
  return a === b || (a === undefined && b === Object) || (b === undefined && a === Object);
}

function compare(left: unknown, right: unknown, seen: Seen): boolean {
  if (Object.is(left, right)) return true;
  if (!isObject(left) || !isObject(right)) return left === right && left === 0;
  if (!sameKind(left, right)) return false;
  const met = seen.get(left);
  if (met?.has(right)) return true;
  seen.set(left, (met ?? new Set()).add(right));
  return equalObjects(left, right, seen);
}

/** Whether two values are deeply equal: same structure, same types, `NaN` equal to itself, `0` to `-0`. */
export function equal(left: unknown, right: unknown): boolean {
  return compare(left, right, new Map());
}
