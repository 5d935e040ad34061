import { Chalk } from 'chalk';

/** Colours by meaning. Each function returns its text as it is when colour is off. */
export interface Paint {
  bad(text: string): string;
  warn(text: string): string;
  good(text: string): string;
  dim(text: string): string;
  strong(text: string): string;
  name(text: string): string;
}

/** The painter for one stream. It uses the 16 basic colours only, which every terminal theme keeps legible. */
export function makePaint(color: boolean): Paint {
  const { red, yellow, green, dim, bold, cyan } = new Chalk({ level: color ? 1 : 0 });
  return { bad: red, warn: yellow, good: green, dim, strong: bold, name: cyan };
}
