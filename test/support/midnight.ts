import { beforeAll, beforeEach } from 'vitest';
import { clearOfMidnight } from './days.ts';

beforeAll(clearOfMidnight);
beforeEach(clearOfMidnight);
