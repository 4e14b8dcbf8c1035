const SPACE = /[ \t\n\r]*/y;
const STRING_START = new RegExp(String.raw`"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*`, "y");
const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?|true|false|null/y;

/**
 * Where a text stops being valid JSON, for error messages: not every runtime's parser reports it. Call it only for
 * invalid text.
 */
export function describeDocumentFault(text: string): string {
  const position = documentFaultAt(text);
  const found = String.fromCodePoint(text.codePointAt(position) ?? 0);
  return position >= text.length
    ? `the text ends at position ${text.length}`
    : `unexpected ${JSON.stringify(found)} at position ${position}`;
}

/** The position of the first character that is not allowed in an invalid JSON text. */
export function documentFaultAt(text: string): number {
  return new Reader(text).read();
}

/** Scans a text as long as it is valid JSON. */
class Reader {
  #at = 0;
  /** The closing characters of the open objects and arrays. */
  readonly #open: ("}" | "]")[] = [];

  constructor(private readonly text: string) {}

  /** Position of the first character that is not allowed. */
  read(): number {
    while (this.#value()) {
      // After a value: a closing character or a comma.
      for (;;) {
        const closing = this.#open.at(-1);
        if (closing === undefined) return this.#skip(SPACE).#at;
        if (this.#take(closing)) {
          this.#open.pop();
          continue;
        }
        if (!this.#take(",") || (closing === "}" && !this.#key())) return this.#at;
        break;
      }
    }
    return this.#at;
  }

  /** Skips a value, or the beginning of an object or array; false if there is neither. */
  #value(): boolean {
    for (;;) {
      if (this.#take("{")) {
        this.#open.push("}");
        if (this.#peek() === "}") return true;
        if (!this.#key()) return false;
      } else if (this.#take("[")) {
        this.#open.push("]");
        if (this.#peek() === "]") return true;
      } else return this.#peek() === '"' ? this.#string() : this.#match(SCALAR);
    }
  }

  #key(): boolean {
    return this.#peek() === '"' && this.#string() && this.#take(":");
  }

  #string(): boolean {
    return this.#match(STRING_START) && this.text[this.#at] === '"' && this.#at++ >= 0;
  }

  #peek(): string | undefined {
    this.#skip(SPACE);
    return this.text[this.#at];
  }

  #take(character: string): boolean {
    if (this.#peek() !== character) return false;
    this.#at++;
    return true;
  }

  #match(pattern: RegExp): boolean {
    const before = this.#at;
    return this.#skip(pattern).#at > before;
  }

  #skip(pattern: RegExp): this {
    pattern.lastIndex = this.#at;
    if (pattern.test(this.text)) this.#at = pattern.lastIndex;
    return this;
  }
}
