import type { DataPart } from "../../mod.ts";

/** A data part of ten bytes with the value 9, and what happens to it after its push. */
export type Changed = () => { data: DataPart; change: () => void };

/** A buffer filled with 9 that can grow. */
export function resizable(bytes: number): ArrayBuffer {
  const buffer = new ArrayBuffer(bytes, { maxByteLength: 100_000 });
  new Uint8Array(buffer).fill(9);
  return buffer;
}

/** Detaches a buffer's memory. */
export function detach(buffer: ArrayBuffer): void {
  structuredClone(buffer, { transfer: [buffer] });
}

/** Data parts that lose bytes. */
export const SHRINKING: Record<string, Changed> = {
  "a detached array": () => {
    const data = new Uint8Array(10).fill(9);
    return { data, change: () => detach(data.buffer) };
  },
  "a detached buffer": () => {
    const data = new Uint8Array(10).fill(9).buffer;
    return { data, change: () => detach(data) };
  },
  "a detached view": () => {
    const data = new DataView(new ArrayBuffer(10));
    return { data, change: () => detach(data.buffer) };
  },
  "a resizable buffer made smaller": () => {
    const data = resizable(10);
    return { data, change: () => data.resize(9) };
  },
  "a view that follows its buffer": () => {
    const data = new Uint8Array(resizable(10));
    return { data, change: () => (data.buffer as ArrayBuffer).resize(3) };
  },
  "a view that falls out of bounds": () => {
    const data = new Uint8Array(resizable(20), 10, 10);
    return { data, change: () => (data.buffer as ArrayBuffer).resize(15) };
  },
  "another type of view": () => {
    const data = new Uint16Array(resizable(10));
    return { data, change: () => (data.buffer as ArrayBuffer).resize(0) };
  },
  "a piece among others": () => {
    const lost = new Uint8Array(5).fill(9);
    return { data: [new Uint8Array(2).fill(9), lost, new Uint8Array(3)], change: () => detach(lost.buffer) };
  },
  "pieces of which one grew as much as another shrank": () => {
    const [one, other] = [new Uint8Array(resizable(5)), new Uint8Array(resizable(5))];
    const change = () => {
      (one.buffer as ArrayBuffer).resize(2);
      (other.buffer as ArrayBuffer).resize(8);
    };
    return { data: [one, other], change };
  },
};

/** Data parts that grow, or whose list changes. */
export const GROWING: Record<string, Changed> = {
  "a resizable buffer": () => {
    const data = resizable(10);
    return { data, change: () => data.resize(70) };
  },
  "a view that follows its buffer": () => {
    const data = new Uint8Array(resizable(10));
    return { data, change: () => (data.buffer as ArrayBuffer).resize(90_000) };
  },
  "another type of view": () => {
    const data = new Uint16Array(resizable(10));
    return { data, change: () => (data.buffer as ArrayBuffer).resize(100) };
  },
  "a DataView": () => {
    const data = new DataView(resizable(10));
    return { data, change: () => data.buffer.resize(100) };
  },
  "a growable buffer that is shared": () => {
    const data = new SharedArrayBuffer(10, { maxByteLength: 200 });
    new Uint8Array(data).fill(9);
    return { data, change: () => data.grow(200) };
  },
  "a view of a growable buffer that is shared": () => {
    const buffer = new SharedArrayBuffer(10, { maxByteLength: 200 });
    return { data: new Uint8Array(buffer).fill(9), change: () => buffer.grow(200) };
  },
  "pieces": () => {
    const grown = new Uint8Array(resizable(4));
    return {
      data: [new Uint8Array(6).fill(9), grown],
      change: () => (grown.buffer as ArrayBuffer).resize(50),
    };
  },
  "a list that is changed": () => {
    const data = [new Uint8Array(4).fill(9), new Uint8Array(6).fill(9)];
    return {
      data,
      change: () => {
        data.reverse().pop();
        data.push(new Uint8Array(300));
      },
    };
  },
};
