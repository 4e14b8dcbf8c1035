import ts from "typescript";

/** One change of the source text, and how to insert it next to the original. */
export interface Change {
  /** What is done, as part of the mutant's id. */
  operator: string;
  /** The text from `start` to `end` is replaced; both are offsets in the file. */
  start: number;
  end: number;
  replacement: string;
  /** An expression, a statement, or something inserted before a function's first statement. */
  shape: "expression" | "statement" | "insertion";
}

const COMPARISONS: Record<string, readonly string[]> = {
  "<": ["<=", ">="],
  "<=": ["<", ">"],
  ">": [">=", "<="],
  ">=": [">", "<"],
  "===": ["!=="],
  "!==": ["==="],
  "==": ["!="],
  "!=": ["=="],
};

const ARITHMETIC: Record<string, string> = {
  "+": "-",
  "-": "+",
  "*": "/",
  "/": "*",
  "%": "*",
  "**": "*",
  "<<": ">>",
  ">>": "<<",
  ">>>": "<<",
  "&": "|",
  "|": "&",
  "^": "&",
  "+=": "-=",
  "-=": "+=",
  "*=": "/=",
  "/=": "*=",
  "<<=": ">>=",
  ">>=": "<<=",
  ">>>=": "<<=",
  "&=": "|=",
  "|=": "&=",
  "^=": "&=",
  "??=": "=",
  "||=": "&&=",
  "&&=": "||=",
};

/** Methods and functions with an opposite. */
const OPPOSITES: Record<string, string> = {
  min: "max",
  max: "min",
  floor: "ceil",
  ceil: "floor",
  some: "every",
  every: "some",
  startsWith: "endsWith",
  endsWith: "startsWith",
  shift: "pop",
  pop: "shift",
  push: "unshift",
};

/** Calls that can be left out, so that only their receiver remains. */
const OPTIONAL_CALLS = new Set(["filter", "sort", "reverse", "trim"]);

/** A number up to this becomes the next one; a larger one, usually a limit, becomes 0. */
const SMALL_NUMBER_MAX = 64;

type Make = (node: ts.Node, text: (node: ts.Node) => string) => Change[];

function expression(node: ts.Node, operator: string, replacement: string): Change {
  return { operator, start: node.getStart(), end: node.getEnd(), replacement, shape: "expression" };
}

function statement(node: ts.Node, operator: string): Change {
  return { operator, start: node.getStart(), end: node.getEnd(), replacement: "", shape: "statement" };
}

/** Whether a `+` joins strings, as far as can be seen without types. */
function isText(node: ts.Node): boolean {
  if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return true;
  return ts.isBinaryExpression(node) && (isText(node.left) || isText(node.right));
}

function isCondition(node: ts.Node): boolean {
  const { parent } = node;
  return ts.isIfStatement(parent) || ts.isConditionalExpression(parent) && parent.condition === node;
}

const binary: Make = (node, text) => {
  if (!ts.isBinaryExpression(node)) return [];
  const { left, right, operatorToken } = node;
  const operator = text(operatorToken);
  const withOperator = (other: string): string => `${text(left)} ${other} ${text(right)}`;
  if (operator in COMPARISONS) {
    // For an equality, "always true" and "always false" are harder to notice than the opposite.
    if (/^[!=]/.test(operator) && isCondition(node)) return [];
    return COMPARISONS[operator].map((other) =>
      expression(node, `${operator} to ${other}`, withOperator(other))
    );
  }
  // A test that notices one of these notices any other operator between the same operands.
  if (["&&", "||", "??"].includes(operator)) {
    return [
      expression(node, `${operator} without its right side`, text(left)),
      expression(node, `${operator} without its left side`, text(right)),
    ];
  }
  const isJoin = (operator === "+" || operator === "+=") && (isText(left) || isText(right));
  if (operator in ARITHMETIC && !isJoin) {
    const other = ARITHMETIC[operator];
    return [expression(node, `${operator} to ${other}`, withOperator(other))];
  }
  return [];
};

const unary: Make = (node, text) => {
  if (ts.isPrefixUnaryExpression(node)) {
    const operand = text(node.operand);
    switch (node.operator) {
      case ts.SyntaxKind.ExclamationToken:
        return [expression(node, "! removed", operand)];
      case ts.SyntaxKind.MinusToken:
        return [expression(node, "minus removed", operand)];
      case ts.SyntaxKind.PlusPlusToken:
        return [expression(node, "++ to --", `--${operand}`)];
      case ts.SyntaxKind.MinusMinusToken:
        return [expression(node, "-- to ++", `++${operand}`)];
    }
  }
  if (ts.isPostfixUnaryExpression(node)) {
    const isUp = node.operator === ts.SyntaxKind.PlusPlusToken;
    return [expression(node, isUp ? "++ to --" : "-- to ++", `${text(node.operand)}${isUp ? "--" : "++"}`)];
  }
  return [];
};

const condition: Make = (node) => {
  const isChoice = ts.isIfStatement(node) || ts.isConditionalExpression(node);
  if (isChoice || ts.isWhileStatement(node) || ts.isDoStatement(node) || ts.isForStatement(node)) {
    const tested = ts.isConditionalExpression(node) || ts.isForStatement(node)
      ? node.condition
      : node.expression;
    if (tested === undefined || tested.kind === ts.SyntaxKind.TrueKeyword) return [];
    const never = expression(tested, "condition never holds", "false");
    // Only the time limit would notice an endless loop.
    return isChoice ? [expression(tested, "condition always holds", "true"), never] : [never];
  }
  return [];
};

const literal: Make = (node, text) => {
  if (node.kind === ts.SyntaxKind.TrueKeyword) return [expression(node, "true to false", "false")];
  if (node.kind === ts.SyntaxKind.FalseKeyword) return [expression(node, "false to true", "true")];
  if (ts.isNumericLiteral(node)) {
    const value = Number(node.text);
    if (!Number.isFinite(value)) return [];
    const other = value === 1 || value > SMALL_NUMBER_MAX ? 0 : value + 1;
    return [expression(node, `${text(node)} to ${other}`, String(other))];
  }
  // A string with a space in it is for people.
  if (ts.isStringLiteralLike(node) && !node.text.includes(" ")) {
    return [
      node.text === ""
        ? expression(node, "text filled", '"mutated"')
        : expression(node, "text emptied", '""'),
    ];
  }
  if (ts.isTemplateExpression(node) && !text(node).replace(/\$\{[^}]*\}/g, "").includes(" ")) {
    return [expression(node, "text emptied", '""')];
  }
  return [];
};

const call: Make = (node, text) => {
  if (!ts.isCallExpression(node)) return [];
  const { expression: callee } = node;
  const name = ts.isPropertyAccessExpression(callee)
    ? callee.name
    : ts.isIdentifier(callee)
    ? callee
    : undefined;
  if (name === undefined) return [];
  const changes: Change[] = [];
  if (name.text in OPPOSITES && Object.hasOwn(OPPOSITES, name.text)) {
    const other = OPPOSITES[name.text];
    const whole = text(node);
    const at = name.getStart() - node.getStart();
    changes.push(
      expression(
        node,
        `${name.text} to ${other}`,
        whole.slice(0, at) + other + whole.slice(at + name.text.length),
      ),
    );
  }
  if (ts.isPropertyAccessExpression(callee) && OPTIONAL_CALLS.has(name.text)) {
    changes.push(expression(node, `${name.text} left out`, text(callee.expression)));
  }
  return changes;
};

const collection: Make = (node) =>
  ts.isArrayLiteralExpression(node) && node.elements.length > 0
    ? [expression(node, "list emptied", "[]")]
    : [];

const removal: Make = (node) => {
  if (ts.isExpressionStatement(node)) {
    const isSuper = ts.isCallExpression(node.expression) &&
      node.expression.expression.kind === ts.SyntaxKind.SuperKeyword;
    return isSuper ? [] : [statement(node, "statement removed")];
  }
  if (ts.isThrowStatement(node)) return [statement(node, "throw removed")];
  if (ts.isBreakStatement(node) && !ts.isCaseOrDefaultClause(node.parent)) {
    return [statement(node, "break removed")];
  }
  if (ts.isContinueStatement(node)) return [statement(node, "continue removed")];
  if (ts.isForOfStatement(node) || ts.isForInStatement(node)) return [statement(node, "loop removed")];
  if (ts.isTryStatement(node)) {
    const blocks = [node.catchClause?.block, node.finallyBlock];
    return blocks.filter((block) => block !== undefined && block.statements.length > 0)
      .map((block) => statement(block!, block === node.finallyBlock ? "finally emptied" : "catch emptied"));
  }
  return [];
};

/** `new Promise((resolve) => …)`: the name of the function that resolves it. */
function resolverOf(node: ts.Node): string | undefined {
  const { parent } = node;
  if (!ts.isArrowFunction(node) || !ts.isNewExpression(parent) || parent.expression.getText() !== "Promise") {
    return;
  }
  const name = node.parameters.at(0)?.name;
  return name !== undefined && ts.isIdentifier(name) ? name.text : undefined;
}

const functionBody: Make = (node) => {
  if (!ts.isFunctionLike(node) || ts.isConstructorDeclaration(node)) return [];
  const body = (node as ts.FunctionLikeDeclaration).body;
  if (body === undefined) return [];
  const resolve = resolverOf(node);
  if (!ts.isBlock(body)) {
    return [
      resolve === undefined
        ? expression(body, "gives nothing", "undefined")
        : expression(body, "promise resolves at once", `${resolve}()`),
    ];
  }
  const first = body.statements.at(0);
  if (first === undefined) return [];
  const start = first.getStart();
  const at = { start, end: start, shape: "insertion" as const };
  if (resolve !== undefined) {
    return [{ ...at, operator: "promise resolves at once", replacement: `{${resolve}();return;}` }];
  }
  // Removing the only statement would be the same.
  if (body.statements.length === 1 && ts.isExpressionStatement(first)) return [];
  return [{ ...at, operator: "function returns at once", replacement: "return;" }];
};

const OPERATORS: readonly Make[] = [
  binary,
  unary,
  condition,
  literal,
  call,
  collection,
  removal,
  functionBody,
];

/** Every change of one node, without those of its children. */
export function changesOf(node: ts.Node, source: ts.SourceFile): Change[] {
  const text = (part: ts.Node): string => part.getText(source);
  return OPERATORS.flatMap((operator) => operator(node, text));
}
