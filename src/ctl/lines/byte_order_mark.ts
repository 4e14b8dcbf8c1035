/** A text without the mark that some editors and shells put before its first character. */
export function withoutMark(text: string): string {
  return text.startsWith("\ufeff") ? text.slice(1) : text;
}
