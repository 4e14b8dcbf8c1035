/**
 * The output of several programs that run at the same time, printed one after the other: the first one's
 * immediately.
 */
export class Transcripts {
  readonly #print: (bytes: Uint8Array) => void;
  readonly #open: Transcript[] = [];

  constructor(print: (bytes: Uint8Array) => void) {
    this.#print = print;
  }

  /** Opens the transcript of the next program. */
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

/** The output of one program. */
export class Transcript {
  isClosed = false;
  #kept: Uint8Array[] = [];
  readonly #tryToPrint: (bytes: Uint8Array) => boolean;
  readonly #onClosed: () => void;

  constructor(tryToPrint: (bytes: Uint8Array) => boolean, onClosed: () => void) {
    this.#tryToPrint = tryToPrint;
    this.#onClosed = onClosed;
  }

  /** Prints if it is this one's turn, otherwise keeps the output until then. */
  write(bytes: Uint8Array): void {
    if (!this.#tryToPrint(bytes)) this.#kept.push(bytes);
  }

  /** Prints what was kept. */
  print(): void {
    for (const bytes of this.#kept) this.#tryToPrint(bytes);
    this.#kept = [];
  }

  /** Ends it: now it is the next one's turn. */
  close(): void {
    this.isClosed = true;
    this.#onClosed();
  }
}
