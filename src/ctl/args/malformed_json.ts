import { describeDocumentFault, documentFaultAt } from "../../metadata/document_fault.ts";
import { quoted } from "../../text/quoted.ts";

/**
 * What is wrong with invalid JSON typed on the command line, the same on every runtime. Shells remove quotes and
 * split at spaces, so it shows the text as it arrived.
 */
export function malformedRemark(text: string): string {
  const fault = `${describeDocumentFault(text)} of ${quoted(text)}`;
  const isUnquoted = /^(?!(?:true|false|null)\b)['\p{L}_$]/u.test(text.slice(documentFaultAt(text)));
  return isUnquoted
    ? `${fault}; names and texts have double quotes, and single ones go around all: '{"name": "text"}'`
    : fault;
}
