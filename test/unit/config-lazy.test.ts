import { expect, test, vi } from 'vitest';
import { resolveConfig } from '../../src/config/resolve.ts';

vi.mock('zod', () => {
  throw new Error('zod was loaded');
});
vi.mock('yaml', () => {
  throw new Error('yaml was loaded');
});

vi.mock('big.js', () => {
  throw new Error('big.js was loaded');
});
vi.mock('ipaddr.js', () => {
  throw new Error('ipaddr.js was loaded');
});

const missing = async () => {
  throw Object.assign(new Error('no'), { code: 'ENOENT' });
};

test('start-up without a file pays for neither zod nor yaml nor what values of a file need', async () => {
  const config = await resolveConfig({ flags: {}, env: {}, configHome: '/home', readFile: missing });
  expect(config.file).toBeNull();
});

test('a file does load them', async () => {
  const readFile = async () => new Uint8Array();
  const loading = resolveConfig({ flags: {}, env: {}, configHome: '/home', readFile });
  await expect(loading).rejects.toThrow();
});
