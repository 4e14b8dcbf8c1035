import type { Storage } from "../../src/storage/port.ts";

/** Calls that change nothing that others can see. */
const PRIVATE = ["now", "random32", "watch", "pause"];

/** A storage that calls back, with the number of the call, before each call whose effect others may see. */
export function interrupted<T extends object = Storage>(storage: T, before: (call: number) => void): T {
  let calls = 0;
  return new Proxy(storage, {
    get(target, name) {
      const member = Reflect.get(target, name, target);
      if (typeof member !== "function" || PRIVATE.includes(String(name))) return member;
      return (...args: unknown[]) => {
        before(calls++);
        return Reflect.apply(member, target, args);
      };
    },
  });
}

/** Thrown where a process is killed. */
export class Killed extends Error {}
