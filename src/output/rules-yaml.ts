import { escapeText, replaceHidden } from './escape.ts';
import { linesOf, SENTENCE } from './lines.ts';
import type { WrittenRule } from './rule-texts.ts';
import { wrap } from './wrap.ts';

const WIDTH = 118;

/**
 * A rules file of Prometheus (https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/).
 * @param comments sentences at its beginning, `''` for an empty line; they may hold anything
 */
export function rulesYaml(group: string, rules: readonly WrittenRule[], comments: readonly string[]): string {
  return linesOf([
    ...comments.flatMap(commentLines),
    'groups:',
    `  - name: ${quoted(group)}`,
    '    rules:',
    ...rules.flatMap(ruleLines),
  ]);
}

const commentLines = (sentence: string): string[] => {
  if (sentence === '') return ['#'];
  const indent = sentence.startsWith('- ') ? '  ' : '';
  return wrap(escapeText(sentence, SENTENCE), WIDTH, indent)
    .split('\n')
    .map((line) => `# ${line}`);
};

const ruleLines = ({ alert, expr, for: lasting, labels, annotations }: WrittenRule): string[] => [
  `      - alert: ${quoted(alert)}`,
  ...expressionLines(expr),
  `        for: ${lasting}`,
  '        labels:',
  ...mapLines(labels),
  '        annotations:',
  ...mapLines(annotations),
];

const mapLines = (map: WrittenRule['labels']): string[] =>
  Object.entries(map).map(([name, value]) => `          ${name}: ${quoted(value)}`);

/** As it is to be read, in lines of its own, unless it holds what a reader would not see. */
function expressionLines(expr: string): string[] {
  const isPlain = replaceHidden(expr.replaceAll('\n', ''), () => '') === expr.replaceAll('\n', '');
  if (!isPlain) return [`        expr: ${quoted(expr)}`];
  return ['        expr: |-', ...expr.split('\n').map((line) => (line === '' ? '' : `          ${line}`))];
}

/** A double-quoted scalar of YAML that holds exactly the text; what a reader would not see is written as its code. */
const quoted = (text: string): string =>
  `"${replaceHidden(text.replaceAll(/["\\]/g, '\\$&'), (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\U${code.toString(16).padStart(8, '0')}`;
  })}"`;
