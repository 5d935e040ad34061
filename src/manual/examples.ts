/** A command line that can be pasted as it stands, and what it is for. */
export type Example = readonly [line: string, what: string];

/**
 * At least one for every command and every group, by the words that call it: they stand first in its help. A test holds
 * them to the tree of commands.
 */
export const EXAMPLES: Readonly<Record<string, readonly Example[]>> = {
  '': [
    ['ratelimit triage', 'during a page: what is this, and what to do'],
    ['ratelimit drill', 'practise, on an incident that is played'],
    ['ratelimit doctor', 'before the page: can triage see this system?'],
  ],
  triage: [
    ['ratelimit triage --alert', 'the alert that fires: what it leads to, since when, who is told'],
    ['ratelimit triage --context prod', 'a context of the configuration file'],
    ['ratelimit triage -o markdown', 'for the incident channel'],
    ['ratelimit triage -o html > triage.html', 'a page to look at and to send around'],
    ['ratelimit triage --save incident.json', 'keep what was seen'],
    ['ratelimit triage --from incident.json', 'judge it again, offline'],
  ],
  watch: [
    ['ratelimit watch --context prod', 'the verdict live, until q'],
    ['ratelimit watch --interval 30s --save looks', 'keep the evidence of each new verdict'],
    ['ratelimit watch -o json --count 10', 'for scripts: a document a line'],
  ],
  'block-ip': [
    ['ratelimit block-ip 203.0.113.42 --reason credential_stuffing', ''],
    ['ratelimit block-ip 203.0.113.0/28 --ttl 2h --dry-run', 'show what would be written'],
  ],
  'unblock-ip': [['ratelimit unblock-ip 203.0.113.42 --reason "customer\'s scanner"', '']],
  blocks: [['ratelimit blocks --expiring 1h', 'those that end soon']],
  'raise-cap': [
    ['ratelimit raise-cap agent-7 --to 150.00 --reason "launch day"', ''],
    ['ratelimit raise-cap agent-7 --by 20% --permanent --tenant acme', 'by the API too'],
  ],
  caps: [['ratelimit caps agent-7', 'one agent; all of them without a name']],
  'kill-switch': [['ratelimit kill-switch status acme', 'is it engaged?']],
  'kill-switch engage': [['ratelimit kill-switch engage acme --reason "attack is succeeding, INC-42"', '']],
  'kill-switch release': [['ratelimit kill-switch release acme --reason "keys rotated"', '']],
  'kill-switch status': [['ratelimit kill-switch status acme', '']],
  journal: [
    ['ratelimit journal --since 2h', 'what was done in the last two hours'],
    ['ratelimit journal note "asked acme to respect Retry-After"', 'what was done by hand'],
  ],
  'journal show': [['ratelimit journal show 01J9ZK3V5T8Q0F6W2N4R7C1XYZ', '']],
  'journal note': [
    ['ratelimit journal note "asked acme to respect Retry-After"', 'what was done by hand, for the report'],
    [
      'ratelimit journal note "acme knows of it" --step ask-the-tenant --at 10m',
      'a response step of the runbook, ten minutes ago',
    ],
  ],
  undo: [['ratelimit undo 01J9ZK3V5T8Q0F6W2N4R7C1XYZ --reason "wrong customer"', '']],
  runbook: [
    ['ratelimit runbook show', 'the categories of the runbook in use'],
    ['ratelimit runbook show platform-overload', 'what to do about one'],
  ],
  'runbook list': [['ratelimit runbook list', '']],
  'runbook show': [
    ['ratelimit runbook show deploy-auth-churn', 'every threshold with its reason'],
    ['ratelimit runbook show --runbook edge', 'of another runbook'],
  ],
  'runbook validate': [['ratelimit runbook validate ./edge.yaml', '']],
  'runbook test': [['ratelimit runbook test incidents --runbook edge', '']],
  'runbook new': [['ratelimit runbook new edge', 'to the folder of your own runbooks']],
  rules: [
    ['ratelimit rules --context prod > ratelimit.rules.yml', 'for rule_files: of prometheus.yml'],
    ['ratelimit rules --runbook edge -o markdown', 'what pages, and what cannot'],
  ],
  limits: [
    ['ratelimit limits --context prod', 'who uses how much of its own limit'],
    ['ratelimit limits --runbook tps-limits -o markdown', 'for the channel'],
  ],
  report: [
    ['ratelimit report --since 3h', 'what happened in the last three hours'],
    ['ratelimit report --since 3h -o markdown', 'for the wiki or the ticket'],
    ['ratelimit report --since 3h -o html > report.html', 'one page with charts, to send around'],
    ['ratelimit report --from 1.json 2.json', 'of captures, offline'],
  ],
  drill: [
    ['ratelimit drill one-ip', ''],
    ['ratelimit drill one-ip --auto', 'watch it being done'],
  ],
  doctor: [
    ['ratelimit doctor --context prod', ''],
    ['ratelimit doctor --acl', 'the Redis users that it takes'],
  ],
  config: [['ratelimit config show', 'what is in effect, and where it comes from']],
  'config show': [['ratelimit config show --context prod', '']],
  'config init': [['ratelimit config init', '']],
  completion: [
    ['source <(ratelimit completion bash)', 'in ~/.bashrc'],
    ['ratelimit completion zsh > ~/.zfunc/_ratelimit', 'a folder of your fpath'],
    ['ratelimit completion fish > ~/.config/fish/completions/ratelimit.fish', ''],
  ],
  help: [
    ['ratelimit help block-ip', ''],
    ['ratelimit help exit-codes', 'a topic'],
  ],
};
