import { placeOf } from '../config/display.ts';
import { escapeText } from '../output/escape.ts';
import { paintFor } from '../output/paint-for.ts';
import { watchFrame } from '../output/watch-frame.ts';
import type { Watching } from '../output/watch-view.ts';
import { isTurned } from '../watch/history.ts';
import type { View, ViewParts } from './watch-views.ts';

/** Times on the screen go on between looks; that asks nothing of anybody. */
const TICK_MS = 1_000;
const CTRL_C = '\u0003';

/** The whole terminal, drawn over and over until the operator leaves it. */
export async function screenView({ flags, context, streams, control, config }: ViewParts): Promise<View> {
  const paint = await paintFor(streams.colorOut);
  const what = config.context === null ? placeOf(config.redis) : `context ${escapeText(config.context)}`;
  let seen: Watching | null = null;
  const draw = (all: boolean, bell = false) => {
    try {
      const moment = { nowMs: context.clock.now(), phase: control.phase, what };
      terminal.draw(watchFrame(seen, moment, terminal.size, paint, context.clock), { all, bell });
    } catch (error) {
      control.fail(error);
    }
  };
  const keys: Readonly<Record<string, () => void>> = {
    q: () => control.quit(),
    Q: () => control.quit(),
    [CTRL_C]: () => control.interrupt(),
    ' ': () => control.togglePause(),
    r: () => control.hurry(),
  };
  const terminal = await context.terminal({
    key: (key) => {
      keys[key]?.();
      draw(false);
    },
    redraw: () => draw(true),
    gone: () => control.interrupt(),
  });
  const timer = setInterval(() => draw(false), TICK_MS);
  return {
    begin: () => draw(false),
    async show(news) {
      seen = news;
      draw(true, flags.bell && isTurned(news.history));
    },
    close: () => {
      clearInterval(timer);
      terminal.close();
    },
  };
}
