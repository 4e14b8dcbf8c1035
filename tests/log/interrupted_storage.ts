import type { Storage } from "../../src/storage/port.ts";

/** Calls that change nothing that others see. */
const PRIVATE = ["now", "random32", "watch"];

/** A storage that calls back before each call that others may see the outcome of, with the number of the call. */
export function interrupted(storage: Storage, before: (call: number) => void): Storage {
  let calls = 0;
  return new Proxy(storage, {
    get(target, name, receiver) {
      const member = Reflect.get(target, name, receiver);
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
