import { describedClass } from "../inspect.ts";
import type { JsonValue } from "../json.ts";
import { pointerStep } from "../text/json_pointer.ts";

/** Maximum nesting to which a value is walked without tracking its ancestors: anything deeper may be a cycle. */
const DEPTH_MAX = 100;

const { getPrototypeOf } = Object;
const { isArray } = Array;
const plain = Object.prototype;

/**
 * Whether JSON can represent the value without loss. {@linkcode describeFault} explains a value that it rejects.
 */
export function isJson(value: unknown): boolean {
  return isPlainJson(value) || describe(value, "", []) === undefined;
}

/**
 * Whether the value consists only of plain objects, arrays and JSON's primitive values. It runs on every push: it
 * allocates nothing and gives up on anything unusual, which may still be JSON (a `Date`, deep nesting).
 */
export function isPlainJson(value: unknown): value is JsonValue {
  try {
    return isPlainMember(value, 0);
  } catch {
    // A getter or a proxy threw: the thorough walk says so.
    return false;
  }
}

function isPlainMember(value: unknown, depth: number): boolean {
  switch (typeof value) {
    case "string":
    case "boolean":
      return true;
    case "number":
      return value - value === 0;
    case "object":
      if (value === null) return true;
      if (depth === DEPTH_MAX) return false;
      return isArray(value) ? isPlainArray(value, depth + 1) : isPlainObject(value, depth + 1);
    default:
      return false;
  }
}

// The two most common kinds of members are handled inline to save a call.
function isPlainObject(value: object, depth: number): boolean {
  if (getPrototypeOf(value) !== plain) return false;
  for (const key in value) {
    const member = (value as Record<string, unknown>)[key];
    if (typeof member === "string") continue;
    if (typeof member === "number") {
      if (member - member !== 0) return false;
    } else if (!isPlainMember(member, depth)) return false;
  }
  return true;
}

function isPlainArray(values: readonly unknown[], depth: number): boolean {
  // Objects that hide such a method are too rare to look for.
  if ((values as Convertible).toJSON !== undefined) return false;
  for (let index = 0; index < values.length; index++) {
    if (!isPlainMember(values[index], depth)) return false;
  }
  return true;
}

interface Convertible {
  toJSON?: (key: string) => unknown;
}

/** Says why JSON cannot represent the value, and where in it. */
export function describeFault(value: unknown): string {
  const fault = describe(value, "", []) ?? { what: "a value", pointer: "" };
  const where = fault.pointer === "" ? "" : ` at "${fault.pointer}"`;
  const remedy = fault.isBytes === true ? "; push bytes as the data part: push(metadata, bytes)" : "";
  return `Cannot write metadata as JSON: ${fault.what}${where}${remedy}`;
}

interface Fault {
  what: string;
  /** JSON pointer to the offending value; empty for the whole value. */
  pointer: string;
  isBytes?: boolean;
}

/** The thorough walk: honours toJSON(), knows class instances and tracks its ancestors. */
function describe(value: unknown, pointer: string, ancestors: object[]): Fault | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
      return undefined;
    case "number":
      return Number.isFinite(value) ? undefined : { what: String(value), pointer };
    case "undefined":
      return { what: "undefined", pointer };
    case "object":
      return value === null ? undefined : describeObject(value, pointer, ancestors);
    default:
      return { what: typeof value === "bigint" ? "a BigInt" : `a ${typeof value}`, pointer };
  }
}

function describeObject(value: object, pointer: string, ancestors: object[]): Fault | undefined {
  const own = describeOwn(value, pointer);
  if (own !== undefined) return own;
  const { toJSON } = value as Convertible;
  if (typeof toJSON !== "function") return describeTracked(value, pointer, ancestors);
  if (value instanceof Date && Number.isNaN(value.getTime())) return { what: "an invalid Date", pointer };
  const written = toJSON.call(value, pointer.slice(pointer.lastIndexOf("/") + 1));
  if (typeof written !== "object" || written === null) return describe(written, pointer, ancestors);
  // JSON writes that as it is, without its own toJSON(): often it is the object itself.
  if (written === value) return describeTracked(value, pointer, ancestors);
  if (ancestors.includes(value)) return { what: "a cycle", pointer };
  return describeOwn(written, pointer) ?? describeTracked(written, pointer, [...ancestors, value]);
}

/** Objects of this library have a JSON form for people: an event would lose its data and digits of its numbers. */
function describeOwn(value: object, pointer: string): Fault | undefined {
  const described = describedClass(value);
  return described === undefined ? undefined : { what: `an object of class ${described}`, pointer };
}

function describeTracked(value: object, pointer: string, ancestors: object[]): Fault | undefined {
  if (ancestors.includes(value)) return { what: "a cycle", pointer };
  ancestors.push(value);
  const fault = describeMembers(value, pointer, ancestors);
  ancestors.pop();
  return fault;
}

function describeMembers(value: object, pointer: string, ancestors: object[]): Fault | undefined {
  if (value instanceof Number || value instanceof String || value instanceof Boolean) {
    return describe(value.valueOf(), pointer, ancestors);
  }
  const opaque = nameOfOpaque(value);
  if (opaque !== undefined) {
    return { what: opaque, pointer, isBytes: ArrayBuffer.isView(value) || value instanceof ArrayBuffer };
  }
  if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) {
      const fault = describe(value[index], `${pointer}/${index}`, ancestors);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
  for (const [key, member] of Object.entries(value)) {
    const fault = describe(member, pointer + pointerStep(key), ancestors);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

/** Objects whose content JSON.stringify omits. */
function nameOfOpaque(value: object): string | undefined {
  const tag = Object.prototype.toString.call(value).slice(8, -1);
  const isView = ArrayBuffer.isView(value);
  if (!isView && !OPAQUE.has(tag) && !isHidden(value, tag)) return undefined;
  const name = isView ? value.constructor?.name ?? "view" : tag;
  return `${/^[AEI]/.test(name) ? "an" : "a"} ${name}`;
}

/** Whether all that an object of a special class holds (headers, a blob, a generator …) is hidden from JSON. */
function isHidden(value: object, tag: string): boolean {
  return tag !== "Object" && tag !== "Array" && Object.keys(value).length === 0;
}

const OPAQUE = new Set([
  "Map",
  "Set",
  "WeakMap",
  "WeakSet",
  "WeakRef",
  "ArrayBuffer",
  "SharedArrayBuffer",
  "Promise",
  "RegExp",
  "Error",
  "BigInt",
  "Symbol",
]);
