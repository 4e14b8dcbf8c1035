/**
 * Which topic or consumer is at a path. One that is deleted and created again has the same path, and is another one: a
 * process that had the first one open must neither read the second one's events under ids that it knows, nor write into
 * it by the first one's rules. So the folder of each has a file whose name is random, and what is found under the path
 * counts only while that file is there.
 *
 * A copy of a topic, such as a backup that is put in its place, has a file of the same name, and may give the same ids to
 * other events. So it has to be the very file: one with another inode number that was made at another time is not.
 *
 * @module
 */
import { TopicDeletedError } from "../../errors.ts";
import {
  isMissing,
  isSameFile,
  listWith,
  type OpenMode,
  type PathState,
  type PublishOptions,
  randomHex,
  type Storage,
  type StorageFile,
} from "../../storage/port.ts";
import { TOPIC_FILE } from "./layout.ts";

const IDENTITY = /^id-[0-9a-f]{16}$/;

/** Gives the folder of a topic or a consumer, which is being created, its identity: the name of a file, which is returned. */
export function makeIdentity(storage: Storage, path: string): string {
  const name = `id-${randomHex(storage, 2)}`;
  storage.publish(`${path}/${name}`, new Uint8Array(0), { durable: false });
  return name;
}

/** The identity among the names in a folder; undefined for one that was created by an earlier version. */
export function identityIn(names: readonly string[]): string | undefined {
  return names.filter((name) => IDENTITY.test(name)).sort()[0];
}

/** Gives a topic another identity: for a process that has it open it is a deleted topic from then on. */
export function renewIdentity(storage: Storage, path: string): void {
  const former = storage.list(path).filter((name) => IDENTITY.test(name));
  makeIdentity(storage, path);
  for (const name of former) storage.remove(`${path}/${name}`);
}

/** The file that identifies a topic; undefined for one that was created by an earlier version. */
export function identityOf(storage: Storage, path: string): string | undefined {
  const name = identityIn(listWith(storage, path, TOPIC_FILE));
  return name === undefined ? undefined : `${path}/${name}`;
}

/** The storage for what is in one topic: its calls throw `TopicDeletedError` once another topic is at the path. */
export function storageOfTopic(
  storage: Storage,
  path: string,
  topic: string,
  identity = identityOf(storage, path),
): Storage {
  return identity === undefined
    ? storage
    : new TopicStorage(storage, { path: identity, state: storage.stat(identity) }, topic);
}

class TopicStorage implements Storage {
  readonly base: Storage;

  constructor(
    private readonly storage: Storage,
    private readonly identity: { path: string; state: PathState | undefined },
    private readonly topic: string,
  ) {
    this.base = storage.base ?? storage;
  }

  open(path: string, mode: OpenMode): StorageFile {
    const file = this.#found(() => this.storage.open(path, mode));
    try {
      this.#check();
    } catch (error) {
      file.close();
      throw error;
    }
    return file;
  }

  list(path: string): string[] {
    const names = this.#found(() => this.storage.list(path));
    this.#check();
    return names;
  }

  /** Nothing is concluded from it alone. */
  stat(path: string): ReturnType<Storage["stat"]> {
    return this.storage.stat(path);
  }

  readWhole(path: string, bytesMax?: number): Uint8Array | undefined {
    const bytes = this.storage.readWhole(path, bytesMax);
    this.#check();
    return bytes;
  }

  makeDirectory(path: string): void {
    this.#check();
    this.#found(() => this.storage.makeDirectory(path));
  }

  publish(path: string, content: Uint8Array, options: PublishOptions = {}): boolean {
    const confirm = () => {
      // The draft is in the folder that the name will be in: it cannot be another topic's afterwards.
      this.#check();
      return options.confirm?.() ?? true;
    };
    return this.#found(() => this.storage.publish(path, content, { ...options, confirm }));
  }

  replace(path: string, content: Uint8Array): void {
    this.#check();
    this.#found(() => this.storage.replace(path, content));
  }

  rename(from: string, to: string): void {
    this.#check();
    this.#found(() => this.storage.rename(from, to));
  }

  remove(path: string): void {
    this.#check();
    this.storage.remove(path);
  }

  removeTree(path: string): void {
    this.#check();
    this.storage.removeTree(path);
  }

  syncDirectory(path: string, change?: () => void): void {
    this.#found(() => this.storage.syncDirectory(path, change));
  }

  async syncDirectoryLater(path: string, change?: () => void): Promise<void> {
    try {
      await this.storage.syncDirectoryLater(path, change);
    } catch (error) {
      if (isMissing(error)) this.#check();
      throw error;
    }
  }

  watch(path: string, changed: () => void): { close(): void } | undefined {
    return this.storage.watch(path, changed);
  }

  now(): number {
    return this.storage.now();
  }

  random32(): number {
    return this.storage.random32();
  }

  pause(ms: number): void {
    this.storage.pause(ms);
  }

  /** If something is missing, the reason may be that the topic is. */
  #found<T>(look: () => T): T {
    try {
      return look();
    } catch (error) {
      if (isMissing(error)) this.#check();
      throw error;
    }
  }

  #check(): void {
    const { path, state } = this.identity;
    const now = this.storage.stat(path);
    if (now === undefined || state === undefined) throw new TopicDeletedError(this.topic);
    if (isSameFile(now, state)) return;
    throw new TopicDeletedError(
      this.topic,
      "another copy of it is in its place, which may have other events under the same ids; open the topic again",
    );
  }
}
