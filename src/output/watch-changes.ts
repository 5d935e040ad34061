import type { Runbook } from '../runbooks/schema.ts';
import type { Change } from '../watch/changes.ts';
import { escapeText } from './escape.ts';
import { someOf } from './lines.ts';
import { formatAmount } from './numbers.ts';
import type { Paint } from './paint.ts';
import { showId } from './triage-document.ts';

/** The sentence for one change, escaped. */
export function changeText(change: Change, runbook: Runbook): string {
  const { code, category, before, after } = change;
  const named = someOf(change.subjects.map(({ id }) => escapeText(id, 48)));
  const whom = named === '' ? '' : `: ${named}`;
  switch (code) {
    case 'category':
      return `${before} is now ${after}${whom}`;
    case 'confidence':
      return `${category}: confidence ${after}, was ${before}`;
    case 'finding-began':
      return `new finding ${category}${whom}`;
    case 'finding-ended':
      return `no finding any more: ${category}`;
    case 'finding-unseen':
      return `${category} cannot be judged any more: it may go on${whom}`;
    case 'unreadable':
      return `${change.signal} cannot be read any more`;
    case 'readable':
      return `${change.signal} can be read again`;
    case 'appeared':
    case 'gone':
    case 'rose':
    case 'fell':
      return entityText(change, runbook);
  }
}

function entityText({ code, signal, kind, id, before, after }: Change, { signals }: Runbook): string {
  const spec = signals[signal ?? ''];
  const name = `${kind ?? spec?.entity?.one ?? 'entity'} ${id === null ? '' : showId(id, 48)}`;
  const where = spec?.title ?? signal ?? '';
  const unit = spec?.unit ?? '';
  // Of what only counts down, the seconds say nothing here.
  if (unit === 's left')
    return code === 'gone' ? `${name} is gone from ${where}` : `${name} is new among ${where}`;
  const amount = (value: Change['before']) =>
    typeof value === 'number' ? formatAmount(value, unit) : 'not known';
  if (code === 'gone') return `${name} is gone from ${where}, it had ${amount(before)}`;
  if (code === 'appeared') return `${name} is new among ${where}: ${amount(after)}`;
  return `${name} ${code} to ${amount(after)} from ${amount(before)}, ${where}`;
}

/** `+` is more of it, `-` is less, `!` is another verdict, `?` is about what can be seen. */
export function changeMark({ code }: Change): { readonly mark: string; readonly tone: keyof Paint } {
  switch (code) {
    case 'category':
    case 'confidence':
      return { mark: '!', tone: 'strong' };
    case 'finding-unseen':
    case 'unreadable':
    case 'readable':
      return { mark: '?', tone: 'warn' };
    case 'finding-began':
    case 'appeared':
    case 'rose':
      return { mark: '+', tone: 'warn' };
    case 'finding-ended':
    case 'gone':
    case 'fell':
      return { mark: '-', tone: 'good' };
  }
}
