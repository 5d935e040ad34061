import { describe, expect, test } from 'vitest';
import { figures } from '../../src/output/html/charts.ts';
import { namesOf } from '../../src/output/html/drawing.ts';
import { lineOf, PALETTE } from '../../src/output/html/palette.ts';
import { STYLE } from '../../src/output/html/style.ts';
import type { ReportChart } from '../../src/report/model.ts';
import type { Mark, Series } from '../../src/report/types.ts';

const FROM = Date.UTC(2026, 4, 29, 2, 0);
const MINUTE = 60_000;
const span = { fromMs: FROM, toMs: FROM + 60 * MINUTE };
const iso = (ms: number) => new Date(ms).toISOString();
const HOSTILE = `"><img src=x onerror=alert(1)></svg><script>alert(2)</script>]]></style>\u202e\u001b[31m`;

const series = (id: string, values: readonly (number | null)[]): Series => ({
  id,
  points: values.map((value, index) => [FROM + index * MINUTE, value]),
});
const chartOf = (given: Partial<ReportChart>): ReportChart => ({
  ...{ id: 'rejects', title: '429s by tenant', unit: 'rejects/s', series: [], levels: [], stepSeconds: 60 },
  ...{
    reason: null,
    windowSeconds: 300,
    from: 'range',
    kind: 'tenant',
    others: null,
    total: null,
    cause: null,
  },
  ...given,
});
const drawn = async (given: Partial<ReportChart>, marks: readonly Mark[] = []) => {
  const [figure] = await figures([{ chart: chartOf(given), caption: ['Highest <b>.'] }], 3, {
    span,
    marks,
    iso,
  });
  return figure?.markup ?? '';
};
/** The commands of the paths that are drawn in a colour, of the drawing for a desk. */
const paths = (markup: string, colour: keyof typeof PALETTE) => {
  const [, wide = ''] = /<svg class="wide"([\s\S]*?)<\/svg>/.exec(markup) ?? [];
  return [...wide.matchAll(/<path ([^>]*)>/g)]
    .map(([, attributes = '']) => attributes)
    .filter((attributes) => attributes.includes(`stroke="${PALETTE[colour][0]}"`));
};

describe('a chart', () => {
  test('leaves gaps where there are no samples, and shows a lone one between two', async () => {
    const values = [1, 2, 3, ...Array<null>(3).fill(null), 7, null, ...Array<number>(40).fill(4)];
    const markup = await drawn({ series: [series('acme', values)] });
    const [line = ''] = paths(markup, 'k0').filter((path) => /^d="M[^"]*L/.test(path));
    expect(line.match(/M/g)?.length).toBeGreaterThanOrEqual(2);
    // Not one point of the gap is zero, or joined over.
    expect(line.match(/[ML]/g)).toHaveLength(3 + 40 + (line.match(/M/g)?.length ?? 0) - 2);
    const [, wide = ''] = /<svg class="wide"([\s\S]*?)<\/svg>/.exec(markup) ?? [];
    expect(wide.match(new RegExp(`fill="${PALETTE.k0[0]}"`, 'g'))).toHaveLength(2);
  });

  test('draws levels in dashes across, marks down, each kind in its own way', async () => {
    const marks: Mark[] = [
      { atMs: FROM + 10 * MINUTE, kind: 'alert', label: 'x' },
      { atMs: FROM + 30 * MINUTE, kind: 'remedy', label: 'x' },
    ];
    const markup = await drawn(
      {
        series: [series('a', [1, 2, 3])],
        levels: [
          { label: 'warn', value: 2 },
          { label: 'cap', value: 20 },
          { label: 'far', value: 99 },
        ],
      },
      marks,
    );
    expect(paths(markup, 'level')).toHaveLength(2);
    expect(paths(markup, 'level')[0]).toContain('stroke-dasharray');
    expect(paths(markup, 'mark').map((path) => path.includes('stroke-dasharray'))).toEqual([true, false]);
    expect(markup).toMatch(/>warn 2<\/text>/);
    // The next one says how far it is; what is beyond would press the lines to the ground.
    expect(markup).toMatch(/>cap 20<\/text>/);
    expect(markup).not.toMatch(/>far 99<\/text>/);
    expect(markup).toContain('Not drawn, further up: far, 99 rejects/s.');
  });

  test('levels of the same height are one line that says so', async () => {
    const levels = ['cap of a', 'cap of b', 'cap of c'].map((label) => ({ label, value: 2 }));
    const markup = await drawn({ series: [series('a', [1, 2, 3])], levels });
    expect(paths(markup, 'level')).toHaveLength(1);
    expect(markup).toMatch(/>cap of a and 2 more 2<\/text>/);
  });

  test('has times in UTC, its unit, and its numbers as a table', async () => {
    const markup = await drawn({ series: [series('acme', [1, 9.25, 3]), series('b', [0.5, 0.25, null])] });
    expect(markup).toMatch(/>02:00<\/text>/);
    expect(markup).toMatch(/>rejects\/s<\/text>/);
    expect(markup).toContain('role="img" aria-label="429s by tenant (rejects/s) over time, 2 lines;');
    const rows = [...markup.matchAll(/<tr>(.*?)<\/tr>/g)].map(([, row = '']) =>
      row
        .replaceAll(/<svg.*?<\/svg>/g, '')
        .replaceAll(/<[^>]*>/g, '|')
        .replaceAll(/[| ]+/g, ' ')
        .trim(),
    );
    expect(rows).toEqual(['tenant highest rejects/s at (UTC) last', 'acme 9.3 02:01 3', 'b 0.5 02:00 0.25']);
  });

  test('that would show nothing is left to its caption', async () => {
    for (const zero of [[], [series('acme', [null, 0, 0, 0])]]) {
      expect(await drawn({ series: zero })).toBe(
        '<figure class="card chart">\n<figcaption><h3>429s by tenant</h3>\n<p>Highest &lt;b&gt;.</p>\n</figcaption>\n</figure>\n',
      );
    }
    const one = await drawn({ series: [series('acme', [3])] });
    expect(one).toContain('<p>One point is no line: there is nothing to draw.</p>');
    expect(one).not.toContain('<svg class="wide"');
    expect(one).toContain('acme');
  });

  test('shows what others there are, or all of it where nothing is told apart', async () => {
    const both = await drawn({ series: [series('a', [1, 2])], others: series('others', [3, 4]) });
    expect(paths(both, 'k5').some((path) => path.includes('stroke-dasharray'))).toBe(true);
    expect(await drawn({ total: series('all', [1, 2]) })).toMatch(/<\/svg> all<\/th>/);
  });
});

test('names from outside are text wherever they stand, and ids are the own of each drawing', async () => {
  const chart = chartOf({
    ...{ title: HOSTILE, unit: HOSTILE, kind: HOSTILE, series: [series(HOSTILE, [1, 2, 3])] },
    levels: [{ label: HOSTILE, value: 2 }],
  });
  const all = await figures(
    [chart, chart].map((one) => ({ chart: one, caption: [HOSTILE] })),
    3,
    {
      ...{ span, iso, marks: [] },
    },
  );
  const markup = all.map((one) => one.markup).join('');
  const tags = new Set([...markup.matchAll(/<([a-z]\w*)/gi)].map(([, tag]) => tag));
  expect([...tags].sort()).toEqual(
    'clipPath defs div figcaption figure g h3 p path rect span svg table tbody td text th thead tr'.split(
      ' ',
    ),
  );
  expect(markup.replaceAll(/"[^"]*"/g, '')).not.toMatch(/<[^>]* (?:style|on\w+|href)=/i);
  expect(markup).not.toMatch(/(?!\n)[\p{Cc}\p{Cf}]/u);
  expect(markup).toContain('&gt;&lt;img src=x onerror=alert(1)&gt;');
  const ids = [...markup.matchAll(/ id="([^"]*)"/g)].map(([, id]) => id);
  expect(ids.length).toBeGreaterThan(3);
  expect(new Set(ids).size).toBe(ids.length);
  for (const [, id] of markup.matchAll(/url\(#([^)]*)\)/g)) expect(ids).toContain(id);
});

test('marks that are too close have one number together', () => {
  const at = (...minutes: number[]) =>
    minutes.map((m): Mark => ({ atMs: m * MINUTE, kind: 'remedy', label: '' }));
  expect(namesOf(at(0, 10, 20), MINUTE)).toEqual(['1', '2', '3']);
  expect(namesOf(at(0, 0.2, 0.4, 10, 10.1), MINUTE)).toEqual(['1-3', '', '', '4-5', '']);
  expect(namesOf([], MINUTE)).toEqual([]);
});

describe('colours', () => {
  test('come again in dashes, and every one has its rule', () => {
    const used = Array.from({ length: 10 }, (_, index) => lineOf(index, false));
    expect(new Set(used.map(({ colour, dashed }) => `${colour} ${dashed}`)).size).toBe(10);
    for (const [name, [light, dark]] of Object.entries(PALETTE)) {
      expect(STYLE).toContain(`[stroke="${light}"], .key [stroke="${light}"] { stroke: var(--${name}); }`);
      expect(STYLE).toContain(`--${name}: ${dark};`);
    }
    // A drawing knows them apart by their light values.
    const lights = Object.values(PALETTE).map(([light]) => light);
    expect(new Set(lights).size).toBe(lights.length);
  });

  test.each(['light', 'dark'] as const)('of lines and labels stand out on %s', (scheme) => {
    const index = scheme === 'light' ? 0 : 1;
    const paper = PALETTE.paper[index];
    for (const name of ['k0', 'k1', 'k2', 'k3', 'k4', 'k5', 'axis', 'mark'] as const) {
      expect(contrast(PALETTE[name][index], paper), name).toBeGreaterThan(3);
    }
    for (const name of ['label', 'level'] as const) {
      expect(contrast(PALETTE[name][index], paper), name).toBeGreaterThan(4.5);
    }
  });
});

/** WCAG 2.2: relative luminance and contrast ratio. */
function contrast(one: string, other: string): number {
  const luminance = (colour: string) => {
    const [r = 0, g = 0, b = 0] = [1, 3, 5].map((at) => {
      const part = Number.parseInt(colour.slice(at, at + 2), 16) / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const [high = 0, low = 0] = [luminance(one), luminance(other)].sort((a, b) => b - a);
  return (high + 0.05) / (low + 0.05);
}
