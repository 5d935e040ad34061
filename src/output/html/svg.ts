import { visible } from '../escape.ts';
import { Html } from './markup.ts';

/** What a drawing may consist of; all else is left out. No attribute here can run, load or style anything. */
const ELEMENTS = new Set('circle clipPath defs g line path polyline rect text'.split(' '));
const ATTRIBUTES = new Set(
  (
    'clip-path cx cy d dominant-baseline fill fill-opacity height id opacity paint-order points r rx stroke ' +
    'stroke-dasharray stroke-linecap stroke-linejoin stroke-miterlimit stroke-opacity stroke-width text-anchor ' +
    'transform width x x1 x2 y y1 y2'
  ).split(' '),
);
const VALUE = /^[-#\w\s.,()%+]*$/;

const STYLE = /<style[^<>]*>[^<]*(?:<!\[CDATA\[[^<]*\]\]>)?[^<]*<\/style>/g;
const TOKEN = /<(\/?)(\w+)((?:\s+[\w:-]+="[^"<>]*")*)\s*(\/?)>|([^<>]+)/gy;
const ATTRIBUTE = /([\w:-]+)="([^"]*)"/g;

/**
 * The inside of an SVG document that a library has drawn, rebuilt from what a drawing needs: no style, no script, no
 * link, no event and no metadata gets through, whatever the library writes one day.
 * @param name of the drawing, unique on its page: its ids begin with it
 * @throws Error when it cannot be told apart what is an element and what is text
 */
export function cleanSvg(svg: string, name: string): Html {
  const source = svg.replaceAll(STYLE, '');
  const ids = new Map<string, string>();
  const own = (id: string) => {
    const known = ids.get(id) ?? `${name}-${ids.size}`;
    ids.set(id, known);
    return known;
  };
  let end = 0;
  let kept = '';
  for (const token of source.matchAll(TOKEN)) {
    const [whole, slash = '', element = '', attributes = '', closed = '', text] = token;
    end = token.index + whole.length;
    // It has its entities already.
    if (text !== undefined) kept += visible(text);
    else if (ELEMENTS.has(element)) kept += `<${slash}${element}${keep(attributes, own)}${closed}>`;
  }
  if (end !== source.length) throw new Error('the drawing is no SVG that could be read');
  return new Html(kept);
}

function keep(attributes: string, own: (id: string) => string): string {
  return [...attributes.matchAll(ATTRIBUTE)]
    .filter(([, name = '', value = '']) => ATTRIBUTES.has(name) && VALUE.test(value))
    .map(([, name = '', value = '']) => {
      if (name === 'id') return ` id="${own(value)}"`;
      // Only to a part of this drawing.
      const [, target] = /^url\(#([\w-]+)\)$/.exec(value) ?? [];
      if (target !== undefined) return ` ${name}="url(#${own(target)})"`;
      return value.includes('url') ? '' : ` ${name}="${value}"`;
    })
    .join('');
}
