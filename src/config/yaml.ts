import {
  type CST,
  type Document,
  isAlias,
  isMap,
  isScalar,
  isSeq,
  LineCounter,
  type Pair,
  Parser,
  parseDocument,
  visit,
  type YAMLError,
  type YAMLMap,
} from 'yaml';
import { quote } from '../values/text.ts';

/** A YAML file as data, and where its keys are. */
export interface YamlFile {
  readonly raw: unknown;
  /** True for a file without content. */
  readonly isEmpty: boolean;
  /** The line of a key, or of the nearest key above it that exists. */
  lineOf(path: readonly PropertyKey[]): number;
}

/** A sentence about one line of a file. */
type LineAt = (offset: number) => number;
/** The keys of each mapping: looking one up among the pairs of a large mapping takes too long. */
type Index = Map<YAMLMap, Map<string, Pair>>;

export interface Problem {
  readonly line: number;
  readonly text: string;
}

/** No file of ours needs half of it. Far deeper nesting exhausts the stack of the YAML package, which cannot be caught. */
const MAX_DEPTH = 32;
/** One mistake in YAML often makes many errors; the first few say where to look. */
const MAX_SYNTAX_PROBLEMS = 5;

/**
 * Reads YAML strictly: UTF-8, one document, plain keys, no duplicates, no tags, no aliases.
 * @param path how messages name the file
 * @returns the file, or all that is wrong with it: sentences with file and line
 */
export function readYaml(path: string, bytes: Uint8Array): YamlFile | string[] {
  const text = decodeUtf8(bytes);
  if (text === null) return [`${path}: expected UTF-8 text, got other bytes`];
  if (isTooDeep(text)) return [`${path}: expected at most ${MAX_DEPTH} levels of nesting, got more`];
  const lines = new LineCounter();
  const doc = parseDocument(text, {
    lineCounter: lines,
    prettyErrors: false,
    stringKeys: true,
    // Found below instead: the package compares every key with every other one.
    uniqueKeys: false,
  });
  const lineAt: LineAt = (offset) => lines.linePos(offset).line || 1;
  const syntax = [...doc.errors, ...doc.warnings];
  if (syntax.length > 0) return syntaxProblems(path, syntax, lines);
  const isEmpty = doc.contents === null || (isScalar(doc.contents) && doc.contents.value === null);
  const index: Index = new Map();
  const structure = structureProblems(doc, index, lineAt);
  if (structure.length > 0) return sentences(path, structure);
  return { raw: doc.toJS(), isEmpty, lineOf: (key) => lineAt(offsetOf(doc, index, key)) };
}

/** Problems of a file as sentences with file and line, in the order of the lines. */
export function sentences(path: string, problems: readonly Problem[]): string[] {
  return [...problems].sort((a, b) => a.line - b.line).map(({ line, text }) => `${path}:${line}: ${text}`);
}

function decodeUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return null;
  }
}

function isTooDeep(text: string): boolean {
  const todo: { token: CST.Token; depth: number }[] = [];
  for (const token of new Parser().parse(text)) todo.push({ token, depth: 0 });
  for (let next = todo.pop(); next !== undefined; next = todo.pop()) {
    const { token, depth } = next;
    if (depth > MAX_DEPTH) return true;
    if (token.type === 'document' && token.value !== undefined) todo.push({ token: token.value, depth });
    if (!('items' in token)) continue;
    for (const item of token.items) {
      for (const child of [item.key, item.value]) if (child) todo.push({ token: child, depth: depth + 1 });
    }
  }
  return false;
}

// The package's own messages quote the text around the error, which may be a secret.
const SYNTAX: Readonly<Partial<Record<YAMLError['code'], string>>> = {
  BAD_INDENT: 'the indentation does not fit the lines above',
  BAD_DQ_ESCAPE: 'an unknown escape sequence in a double-quoted text',
  BAD_SCALAR_START: 'a text that starts with a reserved character needs quotes',
  BLOCK_IN_FLOW: 'a text with ": " needs quotes within braces, or a comma is missing',
  BLOCK_AS_IMPLICIT_KEY: 'two keys on one line, or a text with ": " that needs quotes',
  MISSING_CHAR: 'a quote, bracket, comma or colon is missing',
  MULTIPLE_DOCS: 'expected one document, got a second one after ---',
  MULTILINE_IMPLICIT_KEY: 'a key goes over more than one line',
  NON_STRING_KEY: 'expected a plain text as the key, got a list, a mapping or an alias',
  TAB_AS_INDENT: 'tabs cannot indent, use spaces',
  TAG_RESOLVE_FAILED: 'expected no tags (!name)',
  UNEXPECTED_TOKEN: 'a text that begins with {, [, | or a quote needs quotes around all of it',
};

const UNEVEN = 'this line, or the next, is indented by another number of spaces than those around it';

/** A line that is out of step makes keys that seem to go over several lines, or content after the end. */
const isUneven = ({ code, pos }: YAMLError, lines: LineCounter): boolean =>
  code === 'MULTILINE_IMPLICIT_KEY' || (code === 'UNEXPECTED_TOKEN' && lines.linePos(pos[0]).col === 1);

function syntaxProblems(path: string, errors: readonly YAMLError[], lines: LineCounter): string[] {
  const byLine = new Map<number, Problem>();
  const lineOf = ({ pos }: YAMLError) => lines.linePos(pos[0]).line || 1;
  for (const error of errors) {
    const line = lineOf(error);
    if (byLine.has(line)) continue;
    const isIndent =
      error.code !== 'TAB_AS_INDENT' &&
      errors.some((other) => lineOf(other) === line && isUneven(other, lines));
    const text = isIndent ? UNEVEN : (SYNTAX[error.code] ?? 'this line cannot be understood');
    byLine.set(line, { line, text: `expected valid YAML: ${text}` });
    // What follows is read in the wrong place, so that nothing that is said about it would help.
    if (isIndent || error.code === 'TAB_AS_INDENT') break;
  }
  return sentences(path, [...byLine.values()]).slice(0, MAX_SYNTAX_PROBLEMS);
}

/** Finds duplicate keys, tags and aliases, and fills the index. */
function structureProblems(doc: Document.Parsed, index: Index, lineAt: LineAt): Problem[] {
  const problems: Problem[] = [];
  visit(doc, {
    Node(_key, node) {
      const line = lineAt(node.range?.[0] ?? 0);
      if (node.tag !== undefined) problems.push({ line, text: 'expected no tags (!name)' });
      // Aliases are where small files become huge ones, and a password that starts with * is one by mistake.
      if (isAlias(node))
        problems.push({ line, text: 'expected no aliases (*name): write the value out, or quote it' });
      if (isMap(node)) index.set(node, pairsByKey(node, problems, lineAt));
    },
  });
  return problems;
}

function pairsByKey(node: YAMLMap, problems: Problem[], lineAt: LineAt): Map<string, Pair> {
  const pairs = new Map<string, Pair>();
  for (const pair of node.items) {
    const key = keyOf(pair);
    const line = lineAt(offsetOfKey(pair));
    const first = pairs.get(key);
    if (key === '__proto__') problems.push({ line, text: 'the key "__proto__" is reserved' });
    if (first === undefined) pairs.set(key, pair);
    else
      problems.push({
        line,
        text: `duplicate key ${quote(key)}, first on line ${lineAt(offsetOfKey(first))}`,
      });
  }
  return pairs;
}

function keyOf(pair: Pair): string {
  return isScalar(pair.key) ? String(pair.key.value) : '';
}

function offsetOfKey(pair: Pair): number {
  return isScalar(pair.key) ? (pair.key.range?.[0] ?? 0) : 0;
}

function offsetOf(doc: Document.Parsed, index: Index, path: readonly PropertyKey[]): number {
  let offset = 0;
  let node: unknown = doc.contents;
  for (const part of path) {
    if (isMap(node)) {
      const pair = index.get(node)?.get(String(part));
      if (pair === undefined) break;
      offset = offsetOfKey(pair);
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(part)];
      if (isScalar(node) || isMap(node) || isSeq(node)) offset = node.range?.[0] ?? offset;
    } else break;
  }
  return offset;
}
