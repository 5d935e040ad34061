import { EXAMPLE_RULES } from './template-rules.ts';

/**
 * The file that `ratelimit runbook new` writes: a small runbook that is valid as it is, for nginx with limit_req in
 * front of an API.
 * @param name what the runbook calls itself
 */
export const exampleRunbook = (name: string): string => EXAMPLE.replace('{NAME}', () => name);

const EXAMPLE = `# A runbook: how the alerts of one system's rate limits are told apart, and what is to be done. It is data.
#
#   ratelimit runbook validate <this file>                  every mistake with its line
#   ratelimit runbook show --runbook <this file>            as an operator reads it
#   ratelimit triage --runbook <this file>                  judge by it
#   ratelimit runbook test <folder> --runbook <this file>   judge labelled captures by it
#   ratelimit rules --runbook <this file>                   its alerts, for Prometheus
#
# The example is nginx with limit_req in front of an API. Replace metrics, keys, numbers and words by your own, and
# leave out what you do not have. Whatever is not there is said to be absent; it is never taken for zero.
schema: ratelimit/runbook/v1

# What --runbook takes once the file is in ~/.config/ratelimit/runbooks: the file's name without .yaml.
name: {NAME}
title: nginx rejects requests
# Of the alert. A category may have one of its own.
severity: P3
# The alerts that page for this.
alerts: [NginxLimitReq]
# Where it can be read; its alerts point there. Leave it out where there is no such page.
url: https://wiki.example/runbooks/nginx-limit-req
# What all your keys in Redis begin with: it tells "no such key now" from "this Redis is not ours".
namespace: "edge:"

# Where responses point to, by name.
links:
  dashboard: { title: Edge dashboard, see: https://grafana.example/d/edge }
  contacts: { title: Contacts of the clients, see: the wiki }

# Every number that a condition measures against, with the reason for it. A context of the configuration can set
# another value by name. A unit that begins with "share" is a part of 1.
thresholds:
  reject-rate: { value: 1, unit: rejects/s, because: "The alert asks for one rejected request a second." }
  client-reject-rate: { value: 0.5, unit: rejects/s, because: "Below half of the alert's rate a client brushes against its limit, it is not stuck at it." }
  client-share: { value: 0.10, unit: share, because: "A client with less than a tenth of the rejections does not explain the alert." }
  few-clients: { value: 3, unit: clients, because: "Three clients can be called one by one." }
  many-clients: { value: 4, unit: clients, because: "See few-clients." }
  dominant-share: { value: 0.60, unit: share, because: "A client with more than that is the incident, whoever else is touched." }
  login-share: { value: 0.95, unit: share, because: "Five per cent leave room for a health check beside the sign-ins." }
  noise-floor: { value: 3, unit: requests, because: "One or two refused requests are a double click." }
  heavy-address: { value: 100, unit: requests, because: "Nobody reloads a page a hundred times in five minutes by hand." }
  heavy-address-share: { value: 0.10, unit: share, because: "An address below a tenth of what remains is part of a crowd." }
  few-addresses: { value: 5, unit: addresses, because: "Five addresses can be blocked by hand." }
  budget-ratio: { value: 1, unit: spent / budget, because: "The API refuses a client once its budget is spent." }
  connection-limit: { value: 4096, unit: connections, because: "worker_processes times worker_connections of each instance. null says that it is not known." }
  connection-ratio: { value: 0.9, unit: active / limit, because: "Close to the limit nginx drops connections." }
  restart-age: { value: 600, unit: s, because: "nginx forgets its limits when it restarts, and clients come back all at once." }
  restart-share: { value: 0.5, unit: share of instances, because: "One instance that restarted is a crash, half of them are a deploy." }

# What is read. Each signal has a source, or several that tell of the same entities where systems have drifted apart:
# all are asked, and what several of them name counts once. triage shows it as a table, or as one line where it is only context.
signals:
  # A counter of Prometheus: its increase a second over --window, by one label, with the mix of another one. match takes
  # exact values and no patterns, several as a list: { zone: [api, web] }.
  rejects-by-client:
    title: rejected requests by client
    entity: { kind: client, one: client, many: clients }
    unit: rejects/s
    # Who stands out (at least loud-at, and loud-share of all; up to few of them), and when it is many at once.
    spread:
      volume: reject-rate
      loud-at: client-reject-rate
      loud-share: client-share
      few: few-clients
      many: { each: client-reject-rate, at-least: many-clients, none-above: dominant-share }
    sources:
      - { kind: prometheus-rate, metric: nginx_limit_req_rejected_total, match: { zone: api }, by: client, mix: path }

  # Counters in Redis, a key for each address: whole numbers that expire. Ids of kind ip must be addresses; what else
  # is counted there is shown and never proposed for a remedy.
  refused-by-address:
    title: refused requests by address
    entity: { kind: ip, one: address, many: addresses }
    unit: requests
    # floor: what is below it is noise, and left out of the judgement.
    spread: { floor: noise-floor, loud-at: heavy-address, loud-share: heavy-address-share, few: few-addresses }
    sources:
      - { kind: redis-counter, key: "edge:refused:{ip}", window: 5m }

  # What is spent and what may be spent: two keys for each client, decimals in the unit, the day in the key.
  budget:
    title: spending of the clients today
    entity: { kind: client, one: client, many: clients }
    unit: USD
    sources:
      - { kind: redis-spend, spend: "edge:spent:{client}:{yyyymmdd}", cap: "edge:budget:{client}" }

  # Keys that only have to be there: the deny list.
  denied:
    title: addresses on the deny list
    entity: { kind: ip, one: address, many: addresses }
    unit: s left
    sources:
      - { kind: redis-entry, key: "edge:deny:{ip}" }

  # What Redis removes when its memory is full: any-key, keys-with-ttl or nothing.
  eviction:
    title: what Redis removes when its memory is full
    show: line
    entity: { kind: name, one: policy, many: policies }
    unit: servers
    sources:
      - { kind: redis-eviction }

  # A gauge of Prometheus as it is now, here against a limit.
  connections:
    title: active connections
    show: line
    entity: { kind: instance, one: instance, many: instances }
    unit: connections
    sources:
      - { kind: prometheus-gauge, metric: nginx_connections_active, by: instance, limit: connection-limit }

  # A gauge whose small values matter.
  backend-up:
    title: backends
    show: line
    entity: { kind: instance, one: backend, many: backends }
    unit: up
    sources:
      - { kind: prometheus-gauge, metric: up, match: { job: backend }, by: instance, first: smallest }

  # A gauge that holds a time: how long ago that was.
  restarts:
    title: age of the nginx processes
    show: line
    entity: { kind: instance, one: instance, many: instances }
    unit: s
    sources:
      - { kind: prometheus-age, metric: process_start_time_seconds, match: { job: nginx }, by: instance }

# "quiet" is only said when each of these groups has a source that lives; otherwise the verdict is "inconclusive".
quiet-needs:
  - [rejects-by-client]
  - [refused-by-address]

# What is abnormal whether a category fits or not. When none fits, the verdict is "inconclusive".
abnormal:
  - volume: { signal: rejects-by-client, at-least: reject-rate }

# How an incident went over time, for ratelimit report: a signal, its own title unless another is given, and the threshold
# that all of it together is held against.
charts:
  - { signal: rejects-by-client, level: reject-rate }

# What is to be done once it is over. The report leaves out what names ratelimit report, which is what it is.
afterwards:
  - "Write down which client it was, and what was done: ratelimit report makes a first version."

# What the program can change itself. block-ip is one of three (raise-cap, kill-switch); what is left out is not offered.
remedies:
  block-ip:
    key: "edge:deny:{ip}"
    ttl: 1h
    counters: [{ key: "edge:refused:{ip}" }]
    when-ignored: Block the address at the firewall.

${EXAMPLE_RULES}
# The category table. rank orders what holds at the same time, lowest first.
#
# Conditions, each met, not met or unknown:
#   volume     a signal in all is at least a threshold
#   spread     one-or-few stand out, or many do
#   mix        of a signal, or of those that stand out: only one value of a label, or not-only that one
#   over-limit somebody is at this ratio of the limit     no-limit   somebody has none
#   started    that share of the processes is younger     down       somebody is at zero
#   not-public, listed (by another signal), strangers (names that are no valid ids)
#   unless     another category does not explain it, or (when) a condition does not hold
#   all, any   several of them, a dash before each
# All of them, with every other key: docs/vocabulary.md of the program's repository. What only an operator can tell apart
# is asked: questions, there too.
categories:
  - id: address-flood
    rank: 10
    title: One address floods
    pattern: one address or a few, many refused requests
    cause: a scraper or an attack
    # The signal that its numbers come from.
    about: refused-by-address
    # The sentence of the verdict, its places filled with the numbers.
    headline:
      - say: "{subjects} made {value} of {total} refused requests in {window} ({share})"
    when:
      spread: { signal: refused-by-address, is: one-or-few }
    # Reasons to doubt: each may lower the confidence, withhold responses or propose them last (defers). Those that
    # several categories share can stand once under checks, and be named by checks: [name] here.
    caveats:
      - code: proxy-aggregate
        when: { not-public: { signal: refused-by-address } }
        lowers: 2
        withholds: [block-ip]
        text: The address is not a public one, so it is most likely a proxy that stands for many clients.
      - code: already-blocked
        when: { listed: { signal: refused-by-address, by: denied } }
        withholds: [block-ip]
        text: It is on the deny list already.
    # What to do, in this order. A command begins with ratelimit; with each, there is one for every subject of a kind.
    respond:
      - id: block-ip
        each: ip
        command: [ratelimit, block-ip, "{subject}", --ttl, 1h, --reason, flood]
        text: Block the address for an hour. It asks before it writes.
      - id: firewall
        text: If it comes back, block it at the firewall.
        link: dashboard

  - id: edge-overload
    rank: 20
    title: The edge is out of capacity
    pattern: many clients rejected at once
    cause: capacity
    about: rejects-by-client
    headline:
      - say: "{crowd} clients are rejected at once, {total} rejects/s"
    when:
      all:
        - volume: { signal: rejects-by-client, at-least: reject-rate }
        - spread: { signal: rejects-by-client, is: many }
    # Without this, the confidence is not high but what \`otherwise\` says.
    sure-when:
      over-limit: { signal: connections, ratio: connection-ratio }
    otherwise: medium
    caveats:
      - code: service-down
        when: { down: { signal: backend-up } }
        lowers: 1
        text: A backend is down; those that are left get its share, and more capacity at the edge does not help.
      - code: recent-deploy
        when: { started: { signal: restarts, within: restart-age, share: restart-share } }
        lowers: 1
        text: nginx has restarted, and its limits with it. Wait some minutes before you scale.
    respond:
      - id: look
        text: Look at the dashboard for the instances that are full.
        link: dashboard
      - id: scale
        text: Add an instance.

  - id: sign-in-flood
    rank: 30
    title: One client signs in all the time
    pattern: one client, rejected on /login alone
    cause: a client that does not keep its session
    about: rejects-by-client
    headline:
      - say: "{subjects}: {value} rejects/s on /login alone"
    when:
      all:
        - volume: { signal: rejects-by-client, at-least: reject-rate }
        - spread: { signal: rejects-by-client, is: one-or-few, mix: { label: path, only: /login, share: login-share } }
    respond:
      - id: ask
        text: Ask the client to keep its session and to respect Retry-After.
        link: contacts

  - id: client-over-limit
    rank: 40
    title: A client is over its limit
    pattern: one client or a few, many rejected requests
    cause: a burst, or a client that retries without waiting
    about: rejects-by-client
    # Of several, the first is said whose conditions, by their codes in triage -o json, all held. The last has no \`if\`.
    headline:
      - if: [spread-one]
        say: "{subjects} alone: {value} rejects/s ({share} of all)"
      - say: "{subjects}: {value} rejects/s together ({share} of all)"
    when:
      all:
        - volume: { signal: rejects-by-client, at-least: reject-rate }
        - spread: { signal: rejects-by-client, is: one-or-few }
        - unless: { category: sign-in-flood }
    caveats:
      - code: budget-spent
        when: { over-limit: { signal: budget, ratio: budget-ratio } }
        text: Somebody has spent the budget of the day; a higher rate does not help them.
    respond:
      - id: ask
        text: Ask the client whether the burst is expected. If it is, raise the limit of the zone; if not, it must slow down.
        link: contacts
`;
