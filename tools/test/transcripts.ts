/** What several programs write at the same time, printed one after the other: the first as it comes. */
export class Transcripts {
  readonly #print: (bytes: Uint8Array) => void;
  readonly #open: Transcript[] = [];

  constructor(print: (bytes: Uint8Array) => void) {
    this.#print = print;
  }

  /** The next one. */
  open(): Transcript {
    const transcript: Transcript = new Transcript(
      (bytes) => this.#open[0] === transcript && (this.#print(bytes), true),
      () => this.#advance(),
    );
    this.#open.push(transcript);
    return transcript;
  }

  #advance(): void {
    while (this.#open[0]?.isClosed) {
      this.#open.shift();
      this.#open[0]?.print();
    }
  }
}

/** What one program writes. */
export class Transcript {
  isClosed = false;
  #kept: Uint8Array[] = [];
  readonly #tryToPrint: (bytes: Uint8Array) => boolean;
  readonly #onClosed: () => void;

  constructor(tryToPrint: (bytes: Uint8Array) => boolean, onClosed: () => void) {
    this.#tryToPrint = tryToPrint;
    this.#onClosed = onClosed;
  }

  /** Prints when it is this one's turn, and keeps until then. */
  write(bytes: Uint8Array): void {
    if (!this.#tryToPrint(bytes)) this.#kept.push(bytes);
  }

  /** Prints what was kept. */
  print(): void {
    for (const bytes of this.#kept) this.#tryToPrint(bytes);
    this.#kept = [];
  }

  /** It is over: the next one's turn. */
  close(): void {
    this.isClosed = true;
    this.#onClosed();
  }
}
