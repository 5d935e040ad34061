import type { Config } from '../config/types.ts';
import { codeSpan, escapeText } from './escape.ts';
import { toJson } from './json.ts';
import type { Paint } from './paint.ts';
import { renderTable } from './table.ts';

/** The effective configuration with each value's origin, in the format that was asked for. Ends with a newline. */
export function configText(
  config: Config,
  format: 'human' | 'json' | 'markdown',
  paint: Paint,
  width: number,
): string {
  const { context, file, origins } = config;
  if (format === 'json') {
    const values = origins.map(({ key, shown, origin }) => ({ key, value: shown, origin }));
    return toJson({ schema: 'ratelimit/config/v1', context, file, values, warnings: [] });
  }
  if (format === 'markdown') {
    const rows = origins.map(
      ({ key, shown, origin }) => `| ${codeSpan(key)} | ${codeSpan(shown)} | ${origin} |`,
    );
    return ['| key | value | origin |', '|---|---|---|', ...rows, ''].join('\n');
  }
  const rows = origins.map(({ key, shown, origin }) => [
    escapeText(key, 60),
    escapeText(shown, 100),
    paint.dim(origin),
  ]);
  const source = file === null ? 'no configuration file' : `configuration file ${escapeText(file, 200)}`;
  return `${renderTable({ head: ['key', 'value', 'origin'], rows, width, paint })}\n\n${source}\n`;
}
