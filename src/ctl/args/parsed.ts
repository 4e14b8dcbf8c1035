import type { JsonObject } from "../../json.ts";

/** The result of `--X NAME`, `--X.KEY VALUE` and `--X-config FILE`. */
export interface NamedDocument {
  /** The name, if given. */
  name?: string | undefined;
  /** The file's content overridden by the command line's keys. */
  document: JsonObject;
}

interface Parts {
  texts: ReadonlyMap<string, readonly string[]>;
  flags: ReadonlyMap<string, boolean>;
  documents: ReadonlyMap<string, NamedDocument>;
  positional: readonly string[];
}

/** A parsed command line; the command's specification defines its option names. */
export class ParsedArguments {
  constructor(private readonly parts: Parts) {}

  /** The positional arguments. */
  get positional(): readonly string[] {
    return this.parts.positional;
  }

  /** A copy with another document. */
  withDocument(name: string, document: NamedDocument): ParsedArguments {
    const documents = new Map([...this.parts.documents, [name, document]]);
    return new ParsedArguments({ ...this.parts, documents });
  }

  /** The value of an option; the last one if it was repeated. */
  text(name: string): string | undefined {
    return this.parts.texts.get(name)?.at(-1);
  }

  /** Every value of an option that may be repeated. */
  texts(name: string): readonly string[] {
    return this.parts.texts.get(name) ?? [];
  }

  /** The value of a `count` or `number` option. */
  number(name: string): number | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : Number(text);
  }

  /** Whether a flag is set. */
  flag(name: string): boolean {
    return this.parts.flags.get(name) ?? false;
  }

  /** Whether a flag was given, or false for `--no-NAME`; undefined if neither was. */
  maybeFlag(name: string): boolean | undefined {
    return this.parts.flags.get(name);
  }

  /** A named document; empty if not given. */
  document(name: string): NamedDocument {
    return this.parts.documents.get(name) ?? { document: {} };
  }
}
