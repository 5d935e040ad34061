import { writeFileSync } from 'node:fs';
import { test } from 'vitest';
import { reportHuman } from '../../src/output/report-human.ts';
import { reportMarkdown } from '../../src/output/report-markdown.ts';
import { clock } from '../support/collecting.ts';
import { stuffing } from '../support/report.ts';
import { reportOf } from '../support/report-of.ts';

const plain = {
  strong: (t: string) => t,
  dim: (t: string) => t,
  bad: (t: string) => t,
  warn: (t: string) => t,
  good: (t: string) => t,
  name: (t: string) => t,
};
test('view', () => {
  const { captures, entries } = stuffing();
  const report = reportOf(captures, entries);
  writeFileSync('/tmp/lab/h/report.md', reportMarkdown(report, clock));
  writeFileSync('/tmp/lab/h/report.txt', reportHuman(report, clock, { paint: plain as never, width: 80 }));
});
