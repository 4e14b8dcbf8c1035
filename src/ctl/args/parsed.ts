import type { JsonObject } from "../../json.ts";

/** The result of `--X NAME`, `--X.KEY VALUE` and `--X-config FILE`. */
export interface NamedDocument {
  /** The name, if given. */
  name?: string | undefined;
  /** The file's content overridden by the command line's keys. */
  document: JsonObject;
}

/** A parsed command line; the command's specification defines its option names. */
export class ParsedArguments {
  readonly #texts: ReadonlyMap<string, readonly string[]>;
  readonly #flags: ReadonlyMap<string, boolean>;
  readonly #documents: ReadonlyMap<string, NamedDocument>;
  /** The positional arguments. */
  readonly positional: readonly string[];

  constructor(parts: {
    texts: ReadonlyMap<string, readonly string[]>;
    flags: ReadonlyMap<string, boolean>;
    documents: ReadonlyMap<string, NamedDocument>;
    positional: readonly string[];
  }) {
    this.#texts = parts.texts;
    this.#flags = parts.flags;
    this.#documents = parts.documents;
    this.positional = parts.positional;
  }

  /** A copy with another document. */
  withDocument(name: string, document: NamedDocument): ParsedArguments {
    return new ParsedArguments({
      texts: this.#texts,
      flags: this.#flags,
      documents: new Map([...this.#documents, [name, document]]),
      positional: this.positional,
    });
  }

  /** The value of an option; the last one if it was repeated. */
  text(name: string): string | undefined {
    return this.#texts.get(name)?.at(-1);
  }

  /** Every value of an option that may be repeated. */
  texts(name: string): readonly string[] {
    return this.#texts.get(name) ?? [];
  }

  /** The value of a `count` or `number` option. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }

  /** Whether a flag is set. */
  flag(name: string): boolean {
    return this.#flags.get(name) ?? false;
  }

  /** Whether a flag was given, or false for `--no-NAME`; undefined if neither was. */
  maybeFlag(name: string): boolean | undefined {
    return this.#flags.get(name);
  }

  /** A named document; empty if not given. */
  document(name: string): NamedDocument {
    return this.#documents.get(name) ?? { document: {} };
  }
}
