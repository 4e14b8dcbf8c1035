// The start of a block need not be the start of a text: the caller handles a byte order mark.
const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const lenient = new TextDecoder("utf-8", { ignoreBOM: true });

/**
 * The lines of a block of bytes, without their line ends. A line end at the end of the block starts no further
 * line.
 */
interface DecodedLines {
  lines: string[];
  /**
   * Index of the first line that is not valid UTF-8; its invalid bytes are replaced. Undefined if all are valid.
   */
  malformed?: number;
}

/** Decodes a whole block, which is many times faster than line by line. */
export function decodeLines(block: Uint8Array): DecodedLines {
  let text: string;
  let malformed = false;
  try {
    text = strict.decode(block);
  } catch {
    text = lenient.decode(block);
    malformed = true;
  }
  const lines = text.split("\n");
  if (text.endsWith("\n")) lines.pop();
  return malformed ? { lines, malformed: firstMalformed(block) } : { lines };
}

function firstMalformed(block: Uint8Array): number {
  for (let line = 0, from = 0;; line++) {
    const end = block.indexOf(0x0a, from);
    try {
      strict.decode(block.subarray(from, end < 0 ? block.length : end));
    } catch {
      return line;
    }
    from = end + 1;
  }
}

/** A text without the byte order mark that some editors and shells add. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}
