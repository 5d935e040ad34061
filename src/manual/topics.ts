import { EXIT, EXIT_MEANINGS } from '../errors.ts';

/** Something to know that is no command: a page of the help and a section of the manual. */
export interface Topic {
  readonly title: string;
  /** Paragraphs. */
  readonly before: readonly string[];
  readonly rows: readonly (readonly [term: string, meaning: string])[];
  readonly after: readonly string[];
}

/** By the word after `ratelimit help`. */
export const TOPICS: Readonly<Record<string, Topic>> = {
  'exit-codes': {
    title: 'Exit codes',
    before: [],
    rows: Object.entries(EXIT_MEANINGS).map(([name, meaning]) => [
      String(EXIT[name as keyof typeof EXIT]),
      meaning.replaceAll('`', ''),
    ]),
    after: [
      'The output is complete whatever the code. When several apply, the order is 130, 2, 4, 5, 3, 7. With triage --exit-code a finding is 3; without it, 0 says that everything configured was read. With triage --alert, 5 may also say that the alert could not be read, 6 that several may be meant, 7 that it does not fire and the verdict is quiet. Of several contexts the code that goes before the others counts, and 1 goes before 3.',
      'A remedy that changes nothing is 0. One that is done in part, whose outcome is not known, or that is seen to have no effect is 1.',
    ],
  },
  configuration: {
    title: 'Configuration',
    before: [
      'A flag goes before the environment, the environment before the context of the configuration file, the context before the default. A connection given by a flag or a variable replaces the whole connection of the context: credentials of one host never reach another.',
    ],
    rows: [
      ['ratelimit config init', 'writes a commented file to start from, never over an existing one'],
      ['ratelimit config show', 'prints what is in effect and where each value comes from, secrets redacted'],
      ['ratelimit doctor', 'tells whether triage can see the system with it'],
    ],
    after: [
      'A file holds contexts, one for each system; --context or current-context chooses. Secrets belong in files that it names, or in the environment; never in flags, which other users of the machine can see.',
    ],
  },
  environment: {
    title: 'Environment',
    before: ['An empty variable counts as unset.'],
    rows: [
      ['RATELIMIT_CONFIG', 'the configuration file, as --config'],
      ['RATELIMIT_CONTEXT', 'its context, as --context; one'],
      ['RATELIMIT_REDIS_URL', 'as --redis-url'],
      ['RATELIMIT_PROMETHEUS_URL', 'as --prometheus-url'],
      ['RATELIMIT_LOGS_URL', 'as --logs-url'],
      ['RATELIMIT_ALERTMANAGER_URL', 'as --alertmanager-url'],
      ['RATELIMIT_API_URL', 'as --api-url'],
      ['RATELIMIT_API_TOKEN_FILE', "a file that holds the API's token"],
      ['RATELIMIT_API_TOKEN', "the API's token itself"],
      ['RATELIMIT_RUNBOOK', 'as --runbook'],
      ['XDG_CONFIG_HOME, XDG_STATE_HOME', 'where the files are: see ratelimit help files'],
      ['NO_COLOR, FORCE_COLOR', 'colour, where --color says auto'],
      ['SSH_CONNECTION', 'tells block-ip your own address, which it does not block'],
      ['HTTP_PROXY, HTTPS_PROXY, NO_PROXY', 'proxies on the way to Prometheus, Loki and Alertmanager'],
    ],
    after: [],
  },
  files: {
    title: 'Files',
    before: [],
    rows: [
      ['~/.config/ratelimit/config.yaml', 'the configuration'],
      ['~/.config/ratelimit/runbooks/', 'runbooks of your own, by their names'],
      ['~/.local/state/ratelimit/journal.jsonl', 'what was changed, by whom and why; append-only'],
    ],
    after: ['XDG_CONFIG_HOME stands in for ~/.config, XDG_STATE_HOME for ~/.local/state.'],
  },
  durations: {
    title: 'Durations',
    before: ['One grammar everywhere: numbers with a unit, the larger ones first, without blanks.'],
    rows: [
      ['90s', 'seconds; ms for milliseconds'],
      ['5m', 'minutes'],
      ['24h', 'hours'],
      ['7d', 'days'],
      ['2w', 'weeks'],
      ['1h30m', 'several together'],
    ],
    after: [],
  },
};
