/**
 * Colours of charts, on light paper and on a dark screen. Lines have the colours of Okabe and Ito (2008), which people
 * with any colour vision tell apart, shifted until they stand out 3 to 1 from what they stand on (WCAG 2.2, 1.4.11).
 */
export const PALETTE = {
  k0: ['#0072b2', '#5ab4ec'],
  k1: ['#c84e00', '#ff9353'],
  k2: ['#00825f', '#35c9a0'],
  k3: ['#a8487f', '#e69cc8'],
  k4: ['#8a6a00', '#e3bd4a'],
  k5: ['#5b6770', '#b4bec8'],
  grid: ['#e3e7ec', '#2a333d'],
  axis: ['#7a8593', '#8b96a3'],
  label: ['#54606e', '#a6b1be'],
  level: ['#b3271f', '#ff9a90'],
  mark: ['#414b57', '#c3ccd6'],
  paper: ['#fffffe', '#1a2129'],
} as const satisfies Readonly<Record<string, readonly [light: string, dark: string]>>;

export type Colour = keyof typeof PALETTE;

/** The colour that a chart is drawn with; the style of the page puts the right one in its place. */
export const drawnIn = (colour: Colour): string => PALETTE[colour][0];

const LINES = ['k0', 'k1', 'k2', 'k3', 'k4'] as const;

/** How the nth line is drawn: once the colours are used up, they come again in dashes. The rest has no colour. */
export function lineOf(
  index: number,
  isRest: boolean,
): { readonly colour: Colour; readonly dashed: boolean } {
  if (isRest) return { colour: 'k5', dashed: true };
  return { colour: LINES[index % LINES.length] ?? 'k0', dashed: index >= LINES.length };
}

/** The declarations of all colours as variables. */
export const colourVariables = (dark: boolean): string =>
  Object.entries(PALETTE)
    .map(([name, [light, night]]) => `--${name}: ${dark ? night : light};`)
    .join(' ');

/** Rules that put the variables in the place of the colours that charts are drawn with. */
export const colourRules = (): string =>
  Object.entries(PALETTE)
    .map(
      ([name, [light]]) =>
        `.chart [stroke="${light}"], .key [stroke="${light}"] { stroke: var(--${name}); }\n.chart [fill="${light}"], .key [fill="${light}"] { fill: var(--${name}); }`,
    )
    .join('\n');
