import type { Context } from '../context.ts';
import { notableRows } from '../output/columns.ts';
import type { TriageDocument } from '../output/triage-document.ts';
import type { Watching } from '../output/watch-view.ts';
import { onlyLooks } from '../remedies/propose.ts';
import type { Keyspace } from '../signals/redis/keyspace.ts';
import { advance, type History, isTurned } from '../watch/history.ts';
import { lookOf } from '../watch/looks.ts';
import { marksOf } from '../watch/marks.ts';
import { rhythmOf } from '../watch/rhythm.ts';
import { type Watched, watchedSignals } from '../watch/signals.ts';
import { entriesHere, readHistory } from './history.ts';
import { keepLook } from './keep-look.ts';
import { documentOf, readCase, type Target } from './triage-run.ts';
import type { WatchFlags } from './watch.ts';
import { Saver } from './watch-save.ts';

/** Of the team's journal so many events are read at every look: what is told is the last hour. */
const STREAM_EVENTS = 200;

interface Parts {
  readonly target: Target;
  readonly flags: WatchFlags;
  readonly context: Context;
  readonly keyspace: Keyspace;
  /** null: nothing is to be saved. */
  readonly saver: Saver | null;
}

/** Looks at the systems, and remembers what it takes to tell what changed. */
export class Looker {
  readonly #parts: Parts;
  readonly #watched: Watched;
  #history: History | null = null;
  /** What the last look found, when that is news and not kept yet. */
  #news: TriageDocument | null = null;

  private constructor(parts: Parts) {
    this.#parts = parts;
    this.#watched = watchedSignals(parts.target.runbook);
  }

  /** @param ended ends what is read beside the looks @throws ConfigError when the folder to save to cannot be used */
  static async open(
    target: Target,
    flags: WatchFlags,
    context: Context,
    ended: AbortSignal,
  ): Promise<Looker> {
    const { config } = target;
    const saver = flags.save === undefined ? null : await Saver.open(flags.save, config, context.version);
    return new Looker({ target, flags, context, saver, keyspace: await context.keyspace(config, ended) });
  }

  /** Looks once. @param signal ends it @throws what the signal was aborted with */
  async look(signal: AbortSignal): Promise<Watching> {
    const { target, flags, context, saver } = this.#parts;
    const { clock } = context;
    const [atMs, startedAt] = [clock.now(), clock.steady()];
    const [found, done] = await Promise.all([
      readCase(target, flags, { ...context, interrupt: signal }, atMs),
      this.#done(),
    ]);
    const document = documentOf(found, { top: flags.top, replayed: false });
    const tookMs = clock.steady() - startedAt;
    const { evidence, verdict, runbook } = document;
    const look = lookOf({
      ...{ atMs: clock.ms(evidence.at), tookMs, evidence, verdict, watched: this.#watched },
      notable: (id, measured) => notableRows(id, measured, runbook),
    });
    const history = advance(this.#history, look, this.#watched, flags.top);
    this.#history = history;
    context.onTriage?.(document);
    const isNews = history.count === 1 || isTurned(history);
    this.#news = isNews ? document : null;
    const unsaved = (await saver?.take(found, verdict.category, isNews)) ?? null;
    return {
      ...{ document, history, watched: this.#watched, marks: done.marks },
      rhythm: rhythmOf(flags.interval * 1_000, tookMs),
      next: nextOf(document),
      warnings: [...(unsaved === null ? [] : [unsaved]), ...done.warnings],
    };
  }

  /** Keeps the last look for a report, where it brought another verdict: for when it is shown. */
  async keep(): Promise<void> {
    const { target, context } = this.#parts;
    const news = this.#news;
    this.#news = null;
    // A screen that is drawn over and over has no room for what is no part of it.
    if (news !== null)
      await keepLook({ ...news, answers: {} }, news.verdict.category, target.config, context, null);
  }

  /** What was done to these systems, and what is wrong with the journals that tell it. */
  async #done() {
    const { target, context, keyspace } = this.#parts;
    const { config, runbook } = target;
    const history = await readHistory(context, { config, keyspace }, STREAM_EVENTS);
    const { clock } = context;
    return {
      marks: marksOf(entriesHere(history, { config, runbook }), clock.now(), clock),
      warnings: history.warnings,
    };
  }

  /** Hangs up. @returns why the last look could not be saved; null: it was, or was not to be */
  async close(): Promise<string | null> {
    const { keyspace, saver } = this.#parts;
    keyspace.close();
    return (await saver?.last()) ?? null;
  }
}

/** The worst finding's first command that helps, or the next one's, and where none does, the first that looks closer. */
function nextOf({ remedies }: TriageDocument): Watching['next'] {
  const commands = [...remedies].flatMap(([category, proposals]) =>
    proposals.flatMap(({ argv }) => (argv === null ? [] : [{ category, argv }])),
  );
  return commands.find(({ argv }) => !onlyLooks(argv)) ?? commands[0] ?? null;
}
