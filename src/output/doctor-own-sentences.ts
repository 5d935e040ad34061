import type { Args, OwnCode } from '../doctor/types.ts';
import { formatDuration } from '../values/duration.ts';
import { keyPattern } from '../values/template.ts';
import { joined, listOf, numberOf, plural, said, type Teller, textOf, titleOf } from './doctor-document.ts';
import { someOf } from './lines.ts';

/** What the remedies need, and what this program was told. */
export const OWN_SENTENCES: Readonly<Record<OwnCode, Teller>> = {
  'rights-granted': ({ args }) =>
    said(`the Redis user ${userOf(args)} may do what is needed for ${textOf(args.use)}`),
  'rights-refused': ({ args }) =>
    said(
      `the Redis user ${userOf(args)} may not do what is needed for ${textOf(args.use)}: ${joined(listOf(args.commands))}${keysOf(args)}`,
      'ratelimit doctor --acl prints the line that gives exactly what is needed.',
    ),
  'rights-unknown': ({ args, reason }) =>
    said(
      reason === null
        ? `whether the Redis user ${userOf(args)} may do what is needed for ${textOf(args.use)} is not known: the server does not tell (ACL DRYRUN), and nothing is written to find out`
        : `what the Redis user may do is not known: ${textOf(reason, 300)}`,
    ),
  'rights-wide': ({ args }) =>
    said(
      `the Redis user ${userOf(args)} may also delete every key (FLUSHALL), which nothing here needs`,
      'ratelimit doctor --acl prints users that may do what is needed and no more.',
    ),
  'alertmanager-answers': ({ args, latencyMs }) =>
    said(`it answers, ${plural(numberOf(args.firing), 'alert')} firing (${latencyMs ?? 0} ms)`),
  'alertmanager-unknown': ({ reason }) =>
    said(
      `triage --alert could not ask about the alert: ${textOf(reason, 300)}`,
      'See whether it runs, and whether its address and its credentials are right (ratelimit config show).',
    ),
  'api-answers': ({ args, latencyMs }) =>
    said(`the API answers and accepts the token (HTTP ${numberOf(args.status)} in ${latencyMs ?? 0} ms)`),
  'api-refuses': ({ args }) =>
    said(
      `the API does not accept the token (${answerOf(args)}), which ${needsOf(args)} would need`,
      'Give another one in RATELIMIT_API_TOKEN_FILE, or as token-file in the context.',
    ),
  'api-forbids': ({ args }) =>
    said(
      `whether the API lets ${needsOf(args)} through is not known: it forbids the question about a tenant that does not exist (${answerOf(args)})`,
      'See whether the role of the token is enough: ratelimit kill-switch status <tenant>, of one that does exist, only reads.',
    ),
  'api-fails': ({ args }) =>
    said(
      `the API does not work just now (${answerOf(args)}), which ${needsOf(args)} would need`,
      'See its own health.',
    ),
  'api-unclear': ({ args }) =>
    said(
      `the API is there; whether it accepts the token is not known (${answerOf(args)} to a question about nobody's tenant)`,
    ),
  'api-unreachable': ({ args, reason }) =>
    said(
      `the API cannot be reached, which ${needsOf(args)} would need: ${textOf(reason, 300)}`,
      'See whether it runs, and whether its address is right (ratelimit config show).',
    ),
  'api-plain-http': ({ reason }) =>
    said(`the API was not asked: ${textOf(reason, 300)}`, 'Give an https:// URL.'),
  'api-no-token': ({ args }) =>
    said(
      `the API has no token, which ${needsOf(args)} would need`,
      'Give one in RATELIMIT_API_TOKEN_FILE, or as token-file in the context.',
    ),
  'api-absent': ({ args }) =>
    said(
      `no API is configured: ${needsOf(args)} ${listOf(args.needs).length === 1 ? 'needs' : 'need'} one (--api-url, or api in the context)`,
    ),
  'blocks-enforced': ({ args, source }) =>
    said(
      `the system reads ${textOf(source)}: the last block that was seen to take effect is of ${momentOf(args)} by ${textOf(args.by, 60)}`,
    ),
  'blocks-ignored': ({ args, source }) =>
    said(
      `${numberOf(args.ignored)} of ${plural(numberOf(args.of), 'block')} ${numberOf(args.ignored) === 1 ? 'was' : 'were'} not enforced, the last one of ${momentOf(args)} by ${textOf(args.by, 60)}: nothing seems to read ${textOf(source)}`,
      `block-ip stores its blocks there in vain. ${textOf(args.whenIgnored, 400)}`,
    ),
  'blocks-unproven': ({ args, source }) =>
    said(
      `whether the system reads ${textOf(source)} is not known: ${plural(numberOf(args.of), 'block')} ${numberOf(args.of) === 1 ? 'was' : 'were'} stored, and none was seen to take effect or to be ignored`,
    ),
  'blocks-never-verified': ({ source }) =>
    said(
      `whether the system reads ${textOf(source)} is not known: no block was verified here yet (block-ip watches for the effect)`,
    ),
  'journal-changed': () =>
    said(
      'the journal of this machine shows signs of having been changed',
      'ratelimit journal names the lines; trust what it says of earlier remedies less.',
    ),
  configured: ({ args }) =>
    said(
      `${args.file === null ? 'no configuration file' : `configuration ${textOf(args.file, 200)}`}, ${args.context === null ? 'no context' : `context ${textOf(args.context)}`}, runbook ${textOf(args.runbook, 200)}`,
    ),
  'thresholds-overridden': ({ args }) =>
    said(
      `thresholds that are other ones here: ${joined(listOf(args.overridden).map((one) => one.replace(' ', ' = ')))}`,
    ),
  'limits-overridden': ({ args }) =>
    said(`limits that are other ones here: ${someOf(listOf(args.overridden, 300), 12)}`),
  'limits-unseen': ({ signal, args }, document) => {
    const [kind, of] =
      args.part === 'tiers' ? ['tier', ''] : [textOf(args.each, 30), ` (${titleOf(signal, document)})`];
    const names = listOf(args.names);
    return said(
      `limits.${textOf(args.table)}.${textOf(args.part)}: no series of the last ${formatDuration(numberOf(args.windowSeconds))}${of} has the ${names.length === 1 ? kind : `${kind}s`} ${someOf(names, 8)}: idle, or called otherwise there`,
    );
  },
  'query-unasked': ({ args }) => {
    const helps = listOf(args.helps);
    const what = helps.length === 0 ? '' : `; would tell more about ${joined(helps)}`;
    return said(`queries.${textOf(args.setting)}: ${textOf(args.about, 200)}${what}`);
  },
};

const userOf = ({ user }: Args): string => (user === null ? '(not told)' : textOf(user, 60));
const needsOf = ({ needs }: Args): string => joined(listOf(needs));
const momentOf = ({ at }: Args): string => `${textOf(String(at).slice(0, 16).replace('T', ' '))} UTC`;

const keysOf = ({ keys }: Args): string => {
  const patterns = listOf(keys).map(keyPattern);
  return patterns.length === 0 ? '' : ` on ${someOf([...new Set(patterns)])}`;
};

const answerOf = ({ status, said: body }: Args): string =>
  `HTTP ${numberOf(status)}${body === '' ? '' : `: ${textOf(body, 160)}`}`;
