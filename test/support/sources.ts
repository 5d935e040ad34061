export interface Import {
  /** The file that imports, relative to src. */
  readonly from: string;
  /** The file or package as it is written. */
  readonly what: string;
  readonly typeOnly: boolean;
}

/** One file of src, for tests about the sources themselves. */
export interface Source {
  /** Relative to src, with forward slashes. */
  readonly file: string;
  readonly lines: number;
  readonly source: string;
  /** Without comments, and without what strings, templates and regular expressions hold. */
  readonly code: string;
  readonly imports: readonly Import[];
}

const COMMENT = /\/\/[^\n]*|\/\*[\s\S]*?\*\//y;
const STRING = /'(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"/y;
const REGEXP = /\/(?:[^/\\[\n]|\\.|\[(?:[^\]\\\n]|\\.)*\])+\/[a-z]*/y;
/** From a backtick, or from the brace that ends a place, to the next place or to the end. */
const TEMPLATE = /[`}](?:[^`\\$]|\\.|\$(?!\{))*(?:`|\$\{)/sy;

/** `text`: comments blanked. `code`: what strings, templates and regular expressions hold is blanked too. */
function strip(source: string): { text: string; code: string } {
  const out = { text: '', code: '' };
  /** Open braces; true is the one of a place in a template. */
  const braces: boolean[] = [];
  const blank = (token: string) => token.replaceAll(/[^\n]/g, ' ');
  const at = (pattern: RegExp) => {
    pattern.lastIndex = out.text.length;
    return pattern.exec(source)?.[0];
  };
  while (out.text.length < source.length) {
    const char = source[out.text.length] ?? '';
    const startsRegExp = /(?:^|[=(,:;!&|?{}[>+]|\breturn)\s*$/.test(out.code.slice(-40));
    const endsPlace = char === '}' && braces.at(-1) === true;
    const comment = at(COMMENT);
    const template = char === '`' || endsPlace ? at(TEMPLATE) : undefined;
    const literal = template ?? at(STRING) ?? (startsRegExp ? at(REGEXP) : undefined);
    if (char === '}') braces.pop();
    if (char === '{') braces.push(false);
    if (template?.endsWith('${')) braces.push(true);
    out.text += comment !== undefined ? blank(comment) : (literal ?? char);
    out.code += blank(comment ?? literal ?? '') || char;
  }
  return out;
}

const STATEMENT = /^(?:import|export)\s+(type\s)?(?:([\w*{][^'";]*?)\s*from\s*)?'([^']+)'/gm;
const LAZY = /\bimport\s*\(\s*(?:'([^']+)'\s*\))?/g;

function importsOf(text: string): Omit<Import, 'from'>[] {
  const statements = [...text.matchAll(STATEMENT)].map(([, type, names = '', what = '']) => {
    const inner = /^\{([\s\S]*)\}$/
      .exec(names)?.[1]
      ?.split(',')
      .filter((name) => name.trim() !== '');
    const typeOnly = type !== undefined || (inner?.every((name) => /^\s*type\s/.test(name)) ?? false);
    return { what, typeOnly };
  });
  const lazy = [...text.matchAll(LAZY)].map(([, what = 'something unknown']) => ({ what, typeOnly: false }));
  return [...statements, ...lazy];
}

/** Takes a source file apart. */
export function readSource(file: string, source: string): Source {
  const { text, code } = strip(source);
  const imports = importsOf(text).map((one) => ({ ...one, from: file }));
  return { file, source, code, imports, lines: source.split('\n').length - 1 };
}
