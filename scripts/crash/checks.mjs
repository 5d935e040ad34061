// What must be so after any number of kills. Each check reports what is not.
import { createHash } from 'node:crypto';

/** What a change holds on one side; null: nothing. */
const valueIn = (state) => state?.value ?? null;
/** The changes that an entry was to make. */
const meantBy = ({ changes }) => changes.filter(({ status }) => status !== 'unchanged');
const isWritten = ({ target, after }, writes) =>
  writes.some(({ key, value }) => key === target && value === valueIn(after));

/** The intent that announces a write exactly: key, value and how long. */
export function intentOf({ key, value, ms }, events) {
  const announces = ({ target, after }) => {
    if (target !== key || valueIn(after) !== value) return false;
    const seconds = after?.ttlSeconds ?? null;
    return ms === null || seconds === null ? ms === seconds : Math.abs(seconds * 1_000 - ms) < 1_500;
  };
  return events.find(({ event, changes }) => event === 'intent' && changes.some(announces));
}

/** Every outcome is true, and what the journal says of an entry without one is so. @param last what each key holds */
export function checkEntries(entries, last, writes, report) {
  for (const entry of entries) {
    const meant = meantBy(entry);
    const wrong = (what) => report(`${entry.id} is ${entry.status}, and ${what}`);
    if (entry.resolved) {
      for (const change of meant) {
        if (change.status === 'applied' && !isWritten(change, writes))
          wrong(`${change.target} was not written`);
        // Of a conflict, what was found stands in place of what was meant.
        if (!['applied', 'conflict'].includes(change.status)) wrong(`${change.target} is ${change.status}`);
      }
      continue;
    }
    if (entry.status !== 'unknown') wrong('has no outcome');
    const truth = truthOf(meant, last);
    if (!entry.now?.includes(truth)) wrong(`the journal says "${entry.now}", but the truth is: ${truth}`);
  }
}

function truthOf(meant, last) {
  const holds = (side) =>
    meant.filter((change) => (last.get(change.target) ?? null) === valueIn(change[side])).length;
  const [there, notDone] = [holds('after'), holds('before')];
  if (there === meant.length) return 'what it was to write is there';
  if (notDone === meant.length) return 'it was not done';
  const other = meant.length - there - notDone;
  return `${there} of ${meant.length} changes are there, ${notDone} were not done, ${other} hold something else by now`;
}

/** Where kills fell, by the reasons of the remedies that were killed. */
export function countKills(reasons, entries, writes) {
  const byReason = new Map(entries.map((entry) => [entry.reason, entry]));
  const of = reasons.map((reason) => byReason.get(reason));
  const open = of.filter((entry) => entry?.resolved === false);
  const before = of.filter((entry) => entry === undefined).length;
  const written = open.filter(({ changes }) => changes.some((change) => isWritten(change, writes))).length;
  return { before, between: open.length, written, after: of.length - before - open.length };
}

/** Redis holds what the writes left there, and nothing else. @param held what it holds now, by key */
export function checkContents(held, last, report) {
  for (const [key, value] of held) {
    if (last.get(key) !== value) report(`${key} holds "${value}", which nobody wrote`);
  }
  for (const [key, value] of last) {
    if (value !== null && !held.has(key)) report(`${key} is gone, and nobody deleted it`);
  }
}

/** Whole lines, each chained to the one before. */
export function checkLines(text, report) {
  if (!text.endsWith('\n')) report('the last line is half a line');
  let prev = '0'.repeat(64);
  for (const [index, line] of text.split('\n').slice(0, -1).entries()) {
    try {
      const event = JSON.parse(line);
      if (event.seq !== index + 1 || event.prev !== prev)
        report(`line ${index + 1} does not follow the one before`);
    } catch {
      report(`line ${index + 1} is not JSON`);
    }
    prev = createHash('sha256').update(line).digest('hex');
  }
}
