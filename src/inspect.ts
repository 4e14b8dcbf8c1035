import type { JsonObject, JsonValue } from "./json.ts";
import { messageOf } from "./text/message.ts";

/** The options a runtime passes to custom inspect functions; each runtime has more. */
interface InspectOptions {
  depth?: number | null;
}

type Inspect = (value: unknown, options: InspectOptions) => string;

/** Anything that can describe itself as a JSON object. */
interface Describable {
  toJSON(): JsonObject;
}

/** Where a class of this library has its name, for all copies of it: `import` and `require` load two. */
const CLASS = Symbol.for("@diaspora/stream class");

/** Prototypes of this copy's classes. */
const own = new Set<object>();

/** The class name of an object of this library, which is not metadata by itself; undefined for other objects. */
export function describedClass(value: object): string | undefined {
  const name = (value as { [CLASS]?: unknown })[CLASS];
  if (typeof name !== "string") return undefined;
  for (let type = Object.getPrototypeOf(value); type !== null; type = Object.getPrototypeOf(type)) {
    if (own.has(type)) return name;
  }
  return `${name}, which another copy of this library made: load one version, by import or by require`;
}

/** Objects of the class are not metadata by themselves. */
export function nameClass(type: { readonly prototype: object }, name: string): void {
  own.add(type.prototype);
  Object.defineProperty(type.prototype, CLASS, hidden(name));
}

/**
 * Makes `console.log` of Node, Deno and Bun show the class of an object and its `fields` instead of nothing. Two
 * symbols, since Deno calls its own one with other arguments.
 */
export function makeInspectable<D extends Describable>(
  type: { readonly prototype: D },
  name: string,
  fields: (object: D) => object = (object) => object.toJSON(),
): void {
  nameClass(type, name);
  const show = (object: D, inspect: Inspect, options: InspectOptions) => {
    // The prototype itself has no fields to show.
    if (object === type.prototype || typeof inspect !== "function") return name;
    if (typeof options.depth === "number" && options.depth < 0) return `[${name}]`;
    return `${name} ${inspect(fields(object), options)}`;
  };
  Object.defineProperties(type.prototype, {
    [Symbol.for("nodejs.util.inspect.custom")]: hidden(
      function (this: D, depth: number | null, options: InspectOptions, inspect: Inspect): string {
        return show(this, inspect, { ...options, depth });
      },
    ),
    [Symbol.for("Deno.customInspect")]: hidden(
      function (this: D, inspect: Inspect, options: InspectOptions): string {
        return show(this, inspect, options);
      },
    ),
  });
}

/** The result of `read`, or why it failed: printing an object must never throw. */
export function orFault(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    return `<${messageOf(error)}>`;
  }
}

/** An error as JSON. */
export function faultOf(error: unknown): JsonValue {
  const code = (error as { code?: unknown } | undefined)?.code;
  return typeof code === "string" ? { code, message: messageOf(error) } : { message: messageOf(error) };
}

function hidden(value: unknown): PropertyDescriptor {
  return { value, configurable: true, writable: true };
}
