import { describe, expect, test } from 'vitest';
import type { Reading } from '../../src/evidence/types.ts';
import { absent, counters, crowd, deploys, rate } from '../support/evidence.ts';
import { categoriesOf, caveatCodes, documentOf, findingOf, subjectIds, triage } from '../support/triage.ts';

const SINGLE = 'single-ip-credential-stuffing';
const DISTRIBUTED = 'distributed-credential-stuffing';
const CHURN = 'deploy-auth-churn';
const HEAVY = '203.0.113.42';

const failures = (byIp: Record<string, number>, more: Record<string, Reading> = {}) =>
  triage({ 'auth-failures-by-ip': counters(byIp), ...more });
const oneOrTwo = (index: number) => 1 + (index % 2);

describe('one loud address and the rest', () => {
  test.each([
    ['one at 26 among forty at 1-2', { [HEAVY]: 26, ...crowd(40, oneOrTwo) }, [SINGLE]],
    ['one at 25 among fifty at 1-2', { [HEAVY]: 25, ...crowd(50, oneOrTwo) }, [SINGLE]],
    ['one at 900 among sixty at 15', { [HEAVY]: 900, ...crowd(60, 15) }, [DISTRIBUTED, SINGLE]],
    [
      'one at 700 among three hundred at 3-6',
      { [HEAVY]: 700, ...crowd(300, (i) => 3 + (i % 4)) },
      [DISTRIBUTED, SINGLE],
    ],
  ])('%s', (_, byIp, expected) => {
    const verdict = failures(byIp);
    expect(categoriesOf(verdict)).toEqual(expected);
    expect(verdict.category).toBe(expected[0]);
    const single = findingOf(verdict, SINGLE);
    expect(subjectIds(single)).toEqual([HEAVY]);
    expect(single).toMatchObject({ confidence: 'high', severity: 'P2', caveats: [] });
    expect(single.responses[0]).toEqual({ id: 'block-ip', except: [] });
  });

  test('two hundred at 1-2 are normal life', () => {
    const verdict = failures(crowd(200, oneOrTwo));
    expect(verdict).toMatchObject({ category: 'quiet', findings: [], unexplained: [], blind: [] });
    expect(verdict.ruledOut.map(({ category }) => category)).toEqual(
      expect.arrayContaining([SINGLE, DISTRIBUTED, CHURN]),
    );
  });

  test('an IPv6 address is a subject as it is', () => {
    expect(subjectIds(findingOf(failures({ '2001:db8::42': 400 }), SINGLE))).toEqual(['2001:db8::42']);
  });

  test('the measured number and the threshold are given', () => {
    const [because] = findingOf(failures({ [HEAVY]: 900, ...crowd(60, 15) }), SINGLE).because;
    expect(because).toMatchObject({
      code: 'spread-one',
      signal: 'auth-failures-by-ip',
      measured: 0.5,
      threshold: 0.1,
      met: true,
    });
  });
});

describe('several loud addresses', () => {
  test.each([3, 5])('%i at 300 are a few, each of them a subject', (count) => {
    const verdict = failures(crowd(count, 300));
    expect(categoriesOf(verdict)).toEqual([SINGLE]);
    expect(subjectIds(findingOf(verdict, SINGLE)).sort()).toEqual(Object.keys(crowd(count, 300)).sort());
  });

  test.each([6, 10, 11, 50])('%i at 300 are a distributed attack', (count) => {
    const verdict = failures(crowd(count, 300));
    expect(categoriesOf(verdict)).toEqual([DISTRIBUTED]);
    expect(verdict.confidence).toBe('high');
  });

  test('one at 10,000 does not hide three at 500', () => {
    const verdict = failures({ [HEAVY]: 10_000, ...crowd(3, 500) });
    expect(categoriesOf(verdict)).toEqual([SINGLE]);
    expect(subjectIds(findingOf(verdict, SINGLE)).sort()).toEqual(
      [HEAVY, ...Object.keys(crowd(3, 500))].sort(),
    );
  });

  test('one at 10,000 does not hide fifty at 20', () => {
    expect(categoriesOf(failures({ [HEAVY]: 10_000, ...crowd(50, 20) }))).toEqual([DISTRIBUTED, SINGLE]);
  });
});

describe('the edges of the thresholds', () => {
  test.each([
    ['19 failures of one address', { [HEAVY]: 19 }, []],
    ['20 failures of one address', { [HEAVY]: 20 }, [SINGLE]],
    ['9.9 % of what remains', { [HEAVY]: 99, ...crowd(60, 15) }, [DISTRIBUTED]],
    ['10 % of what remains', { [HEAVY]: 100, ...crowd(60, 15) }, [DISTRIBUTED, SINGLE]],
    ['99 failures of a crowd', crowd(33, 3), []],
    ['100 failures of a crowd', crowd(25, 4), [DISTRIBUTED]],
    ['seven hundred addresses below the noise floor', crowd(700, 2), []],
    ['the same at the noise floor', crowd(1000, 3), [DISTRIBUTED]],
    ['4.9 effective sources in the rest', { [HEAVY]: 5000, ...crowd(4, 19), '203.0.113.9': 25 }, [SINGLE]],
    ['5 effective sources in the rest', { [HEAVY]: 5000, ...crowd(5, 20) }, [DISTRIBUTED, SINGLE]],
  ])('%s', (_, byIp, expected) => {
    const verdict = failures(byIp);
    expect(categoriesOf(verdict)).toEqual(expected);
    if (expected.length === 0) expect(verdict.category).toBe('quiet');
  });
});

describe('what no category fits is not quiet', () => {
  test('failures at the rate of the alert, however thinly they are spread', () => {
    expect(failures(crowd(749, 2)).category).toBe('quiet');
    expect(failures(crowd(750, 2)).category).toBe('inconclusive');
  });

  test('a crowd of names that are not addresses', () => {
    const names = (count: number, each: number) =>
      failures(Object.fromEntries(Array.from({ length: count }, (_, i) => [`user${i}`, each])));
    expect(names(33, 3).category).toBe('quiet');
    expect(names(34, 3).category).toBe('inconclusive');
    expect(names(300, 2).category).toBe('quiet');
  });
});

describe('an address that is blocked already', () => {
  test('is said, and not proposed for a block again', () => {
    const blocks = counters({ [HEAVY]: 3600 });
    const single = findingOf(failures({ [HEAVY]: 900, '203.0.113.43': 900 }, { blocks }), SINGLE);
    expect(caveatCodes(single)).toContain('already-blocked');
    expect(single.responses).toContainEqual({ id: 'block-ip', except: [HEAVY] });
  });
});

describe('after a deploy', () => {
  const fresh = { deploys: deploys([120, 130]) };
  const reconnecting = crowd(60, (i) => 1 + (i % 5));

  test('sources with a few failures each are clients that reconnect', () => {
    const verdict = failures(reconnecting, fresh);
    expect(categoriesOf(verdict)).toEqual([CHURN]);
    expect(findingOf(verdict, CHURN).subjects).toEqual([]);
    expect(verdict.ruledOut.find(({ category }) => category === DISTRIBUTED)?.because).toContainEqual(
      expect.objectContaining({ code: 'unless', met: false }),
    );
    expect(categoriesOf(failures(reconnecting))).toEqual([DISTRIBUTED]);
  });

  test('sources with many failures each are an attack two minutes after a deploy too', () => {
    const verdict = failures(crowd(60, 15), fresh);
    expect(categoriesOf(verdict)).toEqual([DISTRIBUTED]);
    expect(caveatCodes(findingOf(verdict, DISTRIBUTED))).toContain('recent-deploy');
  });

  test('one source above five failures is enough to rule churn out', () => {
    expect(categoriesOf(failures({ ...reconnecting, [HEAVY]: 5 }, fresh))).toEqual([CHURN]);
    expect(categoriesOf(failures({ ...reconnecting, [HEAVY]: 6 }, fresh))).toEqual([DISTRIBUTED]);
  });

  test('a heavy address is not explained away, and does not hide the churn', () => {
    const verdict = failures({ [HEAVY]: 900, ...reconnecting }, fresh);
    expect(categoriesOf(verdict)).toEqual([SINGLE, CHURN]);
    expect(subjectIds(findingOf(verdict, SINGLE))).toEqual([HEAVY]);
    expect(caveatCodes(findingOf(verdict, SINGLE))).toEqual(['recent-deploy']);
  });

  test.each([
    ['49 % of the instances', [...Array(49).fill(60), ...Array(51).fill(90_000)], DISTRIBUTED],
    ['50 % of the instances', [...Array(50).fill(60), ...Array(50).fill(90_000)], CHURN],
    ['599 s ago', [599, 599], CHURN],
    ['601 s ago', [601, 601], DISTRIBUTED],
    ['one of three pods restarted', [30, 90_000, 90_000], DISTRIBUTED],
  ])('%s', (_, ages, expected) => {
    expect(categoriesOf(failures(reconnecting, { deploys: deploys(ages) }))).toEqual([expected]);
  });

  test('failures that ended before the deploy are not its doing', () => {
    const ended = { 'auth-failures-by-ip': counters(reconnecting, 200), deploys: deploys([60, 60]) };
    expect(categoriesOf(triage(ended))).toEqual([DISTRIBUTED]);
    expect(triage(ended).ruledOut.find(({ category }) => category === CHURN)?.because).toContainEqual(
      expect.objectContaining({ code: 'started-after', met: false }),
    );
    expect(categoriesOf(triage({ ...ended, deploys: deploys([201, 201]) }))).toEqual([CHURN]);
  });

  test.each([
    ['nineteen failures', { ...crowd(9, 2), [HEAVY]: 1 }, 'quiet'],
    ['twenty failures of four sources', crowd(4, 5), 'quiet'],
    ['twenty failures of five sources', crowd(5, 4), CHURN],
  ])('%s: %s', (_, byIp, expected) => {
    expect(failures(byIp, fresh).category).toBe(expected);
  });
});

describe('whose addresses they are', () => {
  test.each([
    ['names', { 'not-an-ip': 900, '256.1.1.1': 40, '010.0.0.1': 30 }],
    ['zones and ranges', { 'fe80::1%eth0': 900, '203.0.113.0/24': 50 }],
  ])('%s are never subjects, and huge ones forbid quiet', (_, byIp) => {
    const verdict = failures(byIp);
    expect(verdict).toMatchObject({ category: 'inconclusive', findings: [] });
    expect(verdict.unexplained).toContainEqual(expect.objectContaining({ code: 'strangers', measured: 900 }));
  });

  test('a name that is not UTF-8 counts and is no subject', () => {
    const verdict = triage({
      'auth-failures-by-ip': counters([
        [{ hex: 'fffe' }, 900],
        [HEAVY, 800],
      ]),
    });
    expect(subjectIds(findingOf(verdict, SINGLE))).toEqual([HEAVY]);
  });

  test('small strangers are no news', () => {
    expect(failures({ 'not-an-ip': 19 }).category).toBe('quiet');
    expect(failures({ 'not-an-ip': 20 }).category).toBe('inconclusive');
  });

  test('a private address beside a public one does not shield it', () => {
    const single = findingOf(failures({ '10.0.0.5': 900, [HEAVY]: 900 }), SINGLE);
    expect(single.confidence).toBe('high');
    expect(single.responses).toContainEqual({ id: 'block-ip', except: ['10.0.0.5'] });
  });

  test.each(['10.0.0.5', '::ffff:192.168.1.1', '127.0.0.1', 'fd00::1', '100.64.0.1'])(
    '%s stands for many clients: said with doubt, and not blocked',
    (inside) => {
      const single = findingOf(failures({ [inside]: 900 }), SINGLE);
      expect(single.confidence).toBe('low');
      expect(caveatCodes(single)).toContain('proxy-aggregate');
      expect(single.responses).toContainEqual({ id: 'block-ip', except: [inside] });
      const document = documentOf({ 'auth-failures-by-ip': counters({ [inside]: 900 }) });
      const steps = document.remedies.get(SINGLE)?.map(({ id }) => id);
      expect(steps).toEqual(['find-true-source', 'load-balancer-deny-list']);
    },
  );
});

describe('addresses that fail once or twice each', () => {
  test('count through an independent total at the alert rate, as possibly spoofed', () => {
    const verdict = failures(crowd(300, 1), { 'auth-failures-total': rate(5) });
    const found = findingOf(verdict, DISTRIBUTED);
    expect(categoriesOf(verdict)).toEqual([DISTRIBUTED]);
    expect(['medium', 'low']).toContain(found.confidence);
    expect(caveatCodes(found)).toContain('possibly-spoofed');
    expect(found.responses.map(({ id }) => id)).not.toContain('block-ip');
  });

  test.each([
    ['a total below it', crowd(300, 1), rate(4.9), 'quiet'],
    ['99 addresses', crowd(99, 2), rate(6), 'inconclusive'],
    ['100 addresses', crowd(100, 2), rate(6), DISTRIBUTED],
    ['no total', crowd(300, 1), absent('Prometheus has no metric acp_auth_failures_total'), 'quiet'],
  ])('%s: %s', (_, byIp, total, expected) => {
    expect(failures(byIp, { 'auth-failures-total': total }).category).toBe(expected);
  });

  test('after a deploy they are its clients', () => {
    const more = { 'auth-failures-total': rate(6), deploys: deploys([100, 100]) };
    expect(categoriesOf(failures(crowd(300, 1), more))).toEqual([CHURN]);
  });
});
