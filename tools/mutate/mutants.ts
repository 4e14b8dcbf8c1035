import { createHash } from "node:crypto";
import ts from "typescript";
import { type Change, changesOf } from "./operators.ts";

/** One way to break one file. */
export interface Mutant extends Change {
  /** Its id: file, line, column and operator. */
  id: string;
  file: string;
  line: number;
  column: number;
  /** The function it is in, or the one it is passed to: names stay where lines move. */
  within: string;
  /** The text that is replaced, or the text where something is added. */
  original: string;
  /** Its number in this run, for the switch. */
  number: number;
  /** What identifies the code around it, see {@linkcode unitOf}, and its number in that. */
  unit: string;
  index: number;
}

/** Functions whose string arguments are for people. */
const MAKES_MESSAGES = /(?:error|fail|refus|warn|log)/i;

/** Whether a node contains nothing that runs, or nothing that a test should check. */
function isPassedOver(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) ||
    ts.isImportDeclaration(node) || ts.isExportDeclaration(node) || ts.isTypeParameterDeclaration(node) ||
    ts.isDecorator(node) || ts.isPropertyName(node) && parent !== undefined && namesMember(parent, node);
}

function namesMember(parent: ts.Node, node: ts.Node): boolean {
  return "name" in parent && parent.name === node && !ts.isComputedPropertyName(node);
}

function isMessage(change: Change, node: ts.Node): boolean {
  if (!change.operator.startsWith("text ")) return false;
  for (let at = node.parent; at !== undefined && !ts.isStatement(at); at = at.parent) {
    if (ts.isCallExpression(at) || ts.isNewExpression(at)) {
      return MAKES_MESSAGES.test(at.expression.getText());
    }
  }
  return false;
}

/** Patterns that are assigned to cannot be selected by a condition. */
function isTarget(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isBinaryExpression(parent) && parent.left === node &&
      parent.operatorToken.kind === ts.SyntaxKind.EqualsToken ||
    ts.isForOfStatement(parent) && parent.initializer === node;
}

/** The names of the class and the function, or of the constant, that contain a node. */
function placeOf(node: ts.Node): string {
  const names: string[] = [];
  for (let at = node; at !== undefined; at = at.parent) {
    if (ts.isConstructorDeclaration(at)) names.unshift("constructor");
    else if (ts.isFunctionDeclaration(at) || ts.isClassLike(at) || ts.isClassElement(at)) {
      names.unshift(at.name?.getText() ?? "");
    } else if (ts.isVariableStatement(at) && ts.isSourceFile(at.parent)) {
      names.unshift(at.declarationList.declarations.map(({ name }) => name.getText()).join());
    }
  }
  return names.join(".");
}

/** The class member or the top-level statement that contains a node. */
function unitOf(node: ts.Node): ts.Node {
  let at = node;
  while (!ts.isClassElement(at) && at.parent !== undefined && !ts.isSourceFile(at.parent)) at = at.parent;
  return at;
}

/** A name for a unit that stays the same until its code or its name changes, also in another file if it is a function. */
function nameOfUnit(unit: ts.Node, file: string): string {
  const text = unit.getText();
  const where = ts.isVariableStatement(unit) ? file : "";
  return digest(`${where} ${placeOf(unit)} ${codeOf(ts.isClassElement(unit) ? `class A {${text}}` : text)}`);
}

/** Every mutant of a file, in source order; `number` starts at `firstNumber`. */
export function mutantsOf(file: string, text: string, firstNumber: number): Mutant[] {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.ESNext, true);
  const found: (Change & { within: string; node: ts.Node })[] = [];
  const visit = (node: ts.Node): void => {
    if (isPassedOver(node)) return;
    const isPattern = ts.isArrayLiteralExpression(node) && isTarget(node);
    if (!isPattern) {
      const changes = changesOf(node, source).filter((change) => !isMessage(change, node));
      for (const change of changes) found.push({ ...change, within: placeOf(node), node: unitOf(node) });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  const taken = new Map<string, number>();
  const units = new Map<ts.Node, { name?: string; count: number }>();
  return found.sort((a, b) => a.start - b.start || b.end - a.end).map(({ node, ...change }, index) => {
    const unit = units.get(node) ?? { count: 0 };
    units.set(node, unit);
    const { line, character } = source.getLineAndCharacterOfPosition(change.start);
    const name = `${file}:${line + 1}:${character + 1}/${change.operator.replaceAll(" ", "-")}`;
    const count = (taken.get(name) ?? 0) + 1;
    taken.set(name, count);
    return {
      ...change,
      id: count === 1 ? name : `${name}-${count}`,
      file,
      line: line + 1,
      column: character + 1,
      original: change.shape === "insertion"
        ? lineAt(text, change.start)
        : text.slice(change.start, change.end),
      number: firstNumber + index,
      get unit(): string {
        return unit.name ??= nameOfUnit(node, file);
      },
      index: unit.count++,
    };
  });
}

function lineAt(text: string, offset: number): string {
  return text.slice(offset, text.indexOf("\n", offset));
}

/** The file with only one mutant. */
export function applyMutant(text: string, { start, end, replacement, shape }: Mutant): string {
  const inserted = shape === "expression"
    ? `(${replacement})`
    : shape === "statement"
    ? `{${replacement}}`
    : replacement;
  return text.slice(0, start) + inserted + text.slice(end);
}

/**
 * The source without comments, layout, messages for people and names: none of them changes what there is to mutate.
 * Names are numbered in the order in which they come, so that renaming changes nothing, and using another one does.
 */
export function codeOf(text: string): string {
  const parts: string[] = [];
  const names = new Map<string, number>();
  const textOf = (node: ts.Node): string => {
    if (ts.isIdentifier(node) || ts.isPrivateIdentifier(node)) {
      const number = names.get(node.text) ?? names.size;
      names.set(node.text, number);
      return `name ${number}`;
    }
    if (ts.isStringLiteral(node) && ts.isImportDeclaration(node.parent)) return "module";
    const isMessage = (ts.isStringLiteralLike(node) || ts.isTemplateHead(node) ||
      ts.isTemplateMiddleOrTemplateTail(node)) && node.text.includes(" ");
    return isMessage ? "message" : node.getText();
  };
  const visit = (node: ts.Node): void => {
    // Their order changes with the names.
    if (ts.isNamedImports(node)) return;
    const children = node.getChildren();
    if (children.length === 0) parts.push(textOf(node));
    for (const child of children) if (!ts.isJSDoc(child)) visit(child);
  };
  visit(ts.createSourceFile("source.ts", text, ts.ScriptTarget.ESNext, true));
  return parts.join(" ");
}

/** A short digest of a text. */
export function digest(text: string): string {
  return createHash("sha256").update(text).digest("hex").slice(0, 12);
}
