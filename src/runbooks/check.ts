import { nearest } from '../values/nearest.ts';
import type { Runbook } from './schema.ts';

/** What is wrong between the parts of a runbook: every name that refers to nothing, with the nearest that exists. */
export function checkReferences(runbook: Runbook): { path: (string | number)[]; message: string }[] {
  const problems: { path: (string | number)[]; message: string }[] = [];
  const names = {
    signal: Object.keys(runbook.signals),
    threshold: Object.keys(runbook.thresholds),
    category: runbook.categories.map((category) => category.id),
    link: Object.keys(runbook.links),
  };
  const expect = (kind: keyof typeof names, name: string | null | undefined, path: (string | number)[]) => {
    if (name === null || name === undefined || names[kind].includes(name)) return;
    problems.push({ path, message: `there is no ${kind} "${name}"${nearest(name, names[kind])}` });
  };

  const THRESHOLD_KEYS = ['at-least', 'sources', 'ratio', 'within', 'value'];
  const condition = (node: unknown, path: (string | number)[]): void => {
    if (Array.isArray(node)) {
      for (const [index, item] of node.entries()) condition(item, [...path, index]);
    } else if (typeof node === 'object' && node !== null) {
      for (const [key, value] of Object.entries(node)) {
        const here = [...path, key];
        if (typeof value !== 'string') condition(value, here);
        else if (key === 'signal' || key === 'before') expect('signal', value, here);
        else if (key === 'category') expect('category', value, here);
        else if (THRESHOLD_KEYS.includes(key) || key === 'share') expect('threshold', value, here);
      }
    }
  };

  for (const [id, signal] of Object.entries(runbook.signals)) {
    const path = ['signals', id];
    expect('threshold', signal['near-limit'], [...path, 'near-limit']);
    for (const [key, value] of Object.entries(signal.spread ?? {})) {
      if (typeof value === 'string') expect('threshold', value, [...path, 'spread', key]);
      for (const [inner, name] of Object.entries(typeof value === 'object' ? (value ?? {}) : {})) {
        expect('threshold', name, [...path, 'spread', key, inner]);
      }
    }
    signal.sources.forEach((source, index) => {
      if ('limit' in source) expect('threshold', source.limit, [...path, 'sources', index, 'limit']);
    });
  }
  runbook['quiet-needs'].forEach((group, at) => {
    group.forEach((name, index) => {
      expect('signal', name, ['quiet-needs', at, index]);
    });
  });
  condition(runbook.abnormal, ['abnormal']);
  runbook.categories.forEach((category, index) => {
    const path = ['categories', index];
    if (names.category.indexOf(category.id) !== index) {
      problems.push({ path: [...path, 'id'], message: `there are two categories "${category.id}"` });
    }
    expect('signal', category.about, [...path, 'about']);
    condition(category.when, [...path, 'when']);
    condition(category['sure-when'], [...path, 'sure-when']);
    const steps = category.respond.map((step) => step.id);
    category.respond.forEach((step, at) => {
      expect('link', step.link, [...path, 'respond', at, 'link']);
    });
    category.caveats.forEach((caveat, at) => {
      condition(caveat.when, [...path, 'caveats', at, 'when']);
      for (const step of caveat.withholds) {
        if (!steps.includes(step)) {
          const message = `this category has no response "${step}"${nearest(step, steps)}`;
          problems.push({ path: [...path, 'caveats', at, 'withholds'], message });
        }
      }
    });
  });
  return problems;
}
