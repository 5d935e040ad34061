import type { Config } from '../config/types.ts';
import type { Context } from '../context.ts';
import type { Streams } from '../output/streams.ts';
import type { Watching } from '../output/watch-view.ts';
import type { WatchFlags } from './watch.ts';
import type { Control } from './watch-control.ts';

/** Where a watch is shown. */
export interface View {
  /** A look begins. */
  begin(): void;
  show(seen: Watching): Promise<void>;
  close(): void;
}

export interface ViewParts {
  readonly flags: WatchFlags;
  readonly context: Context;
  readonly streams: Streams;
  readonly control: Control;
  readonly config: Config;
}
