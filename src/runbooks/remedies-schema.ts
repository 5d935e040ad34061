import { z } from 'zod';
import { duration, identifier, keyTemplate, mapping, text } from './fields.ts';

/** A path under the API's URL; its place is filled with a checked id only. */
const pathWith = (place: string) =>
  z.string().regex(new RegExp(`^/[\\w/.-]*\\{${place}\\}[\\w/.-]*$`), {
    error: `expected a path with one place, such as /things/{${place}}`,
  });

const count = z.int().positive();

/** How an address is put on the deny list, and how its failures are counted. */
const blockIp = mapping({
  /** Its presence is the block; its value is the reason. */
  key: keyTemplate,
  /** How long a block lasts unless the operator says otherwise. */
  ttl: duration,
  /** The failure counters of an address: watched to see whether a block takes effect, and cleared with one. */
  counters: z
    .array(
      mapping({
        key: keyTemplate,
        /** From this value on the system stops counting, so that a counter at rest says nothing. */
        'stops-at': count.nullable().default(null),
        /** Who chose the address: the system, or the client itself, which can then name somebody else's. */
        'named-by': z.enum(['system', 'client']).default('system'),
      }),
    )
    .default([]),
  /** Keys that are named by the direct peers of the system: its reverse proxy, which must not be blocked. */
  peers: z.array(keyTemplate).default([]),
  /** A signal by address with a mix of tenants or users: several behind one address are a sign of NAT. */
  shared: identifier.nullable().default(null),
  /** What else stops a source when the system does not read this list. */
  'when-ignored': text(400),
});

const raiseCap = mapping({
  /** The signal whose `redis-spend` sources hold the spend and the cap. */
  signal: identifier,
  /** A suggested cap is that many times what is spent or what the cap is, whichever is more. */
  headroom: z.number().min(1).max(10).default(1.2),
  /** The call that makes a raise permanent; `{usd}` is filled with a decimal such as 100.00. */
  permanent: mapping({ method: z.enum(['PATCH', 'PUT', 'POST']), path: pathWith('agent'), body: text(400) })
    .nullable()
    .default(null),
});

const killSwitch = mapping({
  /** Under the API's URL: POST engages, DELETE releases, GET tells. */
  path: pathWith('tenant'),
  /** The body that engages. */
  body: text(400),
  /** Where an answer says what holds, and the two words that it may say. */
  status: mapping({ field: text(80), engaged: text(40), released: text(40) }),
  /** Where the system keeps the switch; a second look beside the API's word. */
  key: keyTemplate.nullable().default(null),
  /** Keys that say why it was engaged. */
  reasons: z.array(keyTemplate).default([]),
  /** What must be clear before it is engaged. */
  checklist: z.array(text(400)).min(1),
});

/** What can be done about it, and where. A remedy that is not here is not offered for this system. */
export const remediesSchema = mapping({
  'block-ip': blockIp.nullable().default(null),
  'raise-cap': raiseCap.nullable().default(null),
  'kill-switch': killSwitch.nullable().default(null),
});

export type RemediesSpec = z.infer<typeof remediesSchema>;
export type BlockSpec = NonNullable<RemediesSpec['block-ip']>;
export type RaiseSpec = NonNullable<RemediesSpec['raise-cap']>;
export type KillSwitchSpec = NonNullable<RemediesSpec['kill-switch']>;
