/**
 * The file that `ratelimit config init` writes: valid as it is, and with any of its commented settings (lines that
 * start with `#` and no space after it) put into use.
 */
export function exampleConfig(): string {
  return EXAMPLE;
}

const EXAMPLE = `# Configuration of ratelimit.
# A line that starts with "# " is an explanation; one that starts with "#" alone is a setting that is not in use.
#
# Flags and the environment come first, then the context below, then the defaults.
# --redis-url, --prometheus-url, --logs-url, --alertmanager-url and --api-url (or RATELIMIT_REDIS_URL, ...) replace a
# whole connection of the context: its credentials and its TLS files are not used then.

# The context in use when neither --context nor RATELIMIT_CONTEXT names one.
current-context: local

contexts:
  local:
    # true: ask more before every write.
#    production: true

    # A runbook by name, or the path of a runbook file. Paths in this file are relative to its folder.
    runbook: aegis

    # redis://[user@]host[:port][/db], rediss:// for TLS, or unix:/path/of/socket?db=0
    # sentinel://[user@]host[:port][,host[:port]...]/name[/db] or cluster://[user@]host[:port][,host[:port]...];
    # with TLS sentinel+tls:// and cluster+tls://. A context may also spell them out, as below.
    redis: redis://127.0.0.1:6379

    # http:// or https://, with the path prefix if there is one. A list, [http://one:9090, http://two:9090], where several
    # of them see a part each: what they see is added up, and what two of them see counts once.
    prometheus: http://127.0.0.1:9090

    # A Loki, for runbooks that read logs. selector: the labels of this system's streams, where they are not those that
    # the runbook names. Written as one Prometheus is otherwise, with bearer-token-file, basic-auth, headers and tls.
#    logs:
#      kind: loki
#      url: http://127.0.0.1:3100
#      selector: { app: gateway }

    # Where the pages are that the runbook's links lead to, by the names that the runbook has for these places; runbook
    # is the page that its alerts point to.
#    links:
#      runbook: https://wiki.example/rate-limit-spike
#      grafana: https://grafana.example

    # Where triage --alert asks about the alert that paged; written as one Prometheus is.
#    alertmanager: http://127.0.0.1:9093

    # The API of the limited system, for remedies that go through it.
#    api: http://127.0.0.1:8080/api

    # How long collecting may take.
#    timeout: 5s

    # Addresses and ranges that block-ip refuses: your own offices, NAT gateways, monitoring, partners.
#    never-block:
#      - 192.0.2.10
#      - 198.51.100.0/24
#      - 2001:db8:42::/48

    # The longest that block-ip may block an address for, up to 365d.
#    max-block-ttl: 7d

    # USD above which raise-cap refuses without --force-ceiling.
#    cap-ceiling: 500.00

    # A stream of the Redis above that every remedy is recorded in for the whole team, besides the journal of this
    # machine.
    journal-stream: ratelimit:journal

    # false: triage and watch do not keep what they find in the state folder of this machine, and report knows only the
    # present.
#    keep-looks: false

    # PromQL of your own for checks that nothing else can make; without a query its check is left out. The metrics are
    # examples.
    # deploy-events: times in seconds since the epoch, by service. Failures just after a deploy may be its clients.
    # successes-by-ip: sign-ins that succeeded in the last minutes, by ip. Is the attack succeeding, is the address shared?
    # tenants-by-ip: requests in the last minutes, by ip and tenant. Do several tenants share the address?
#    queries:
#      deploy-events: max by (service) (deploy_finished_timestamp_seconds)
#      successes-by-ip: sum by (ip) (increase(logins_total{result="success"}[5m]))
#      tenants-by-ip: sum by (ip, tenant) (increase(ingress_requests_total[5m]))

    # Thresholds of the runbook that are other ones here, by name.
#    thresholds:
#      heavy-ip-failures: 30

    # Limits of the runbook that are other ones here, for a runbook that has tables of them (tps-limits does).
#    limits:
#      caller-tps: { default: 150, tiers: { free: 25 }, entries: { acme: premium, globex: 750 } }

  # Another system, with credentials and TLS.
  #
  # Secrets do not belong in this file. Each has a file of its own (mode 0600, one line), named here by a key that
  # ends in -file. The API's token may also come from RATELIMIT_API_TOKEN_FILE or RATELIMIT_API_TOKEN.
  #
  # Triage only reads; whoever applies remedies needs more. \`ratelimit doctor --acl\` prints the two Redis users that
  # can do exactly that and nothing else, for the runbook and the journal-stream of the context.
#  prod:
#    production: true
#    runbook: aegis
#    redis:
#      url: rediss://redis.example:6380/0
#      username: triage
#      password-file: secrets/redis-password
#      tls:
#        ca-file: tls/ca.pem
#        cert-file: tls/client.pem
#        key-file: tls/client.key
#    prometheus:
#      url: https://prometheus.example/prefix
#      bearer-token-file: secrets/prometheus-token
    # Instead of a bearer token:
    # basic-auth: { username: triage, password-file: secrets/prometheus-password }
#      headers:
#        X-Scope-OrgID: team
#      tls:
#        ca-file: tls/ca.pem
#    alertmanager:
#      url: https://alertmanager.example/prefix
#      bearer-token-file: secrets/alertmanager-token
#    api:
#      url: https://aegis.example/api
#      token-file: secrets/api-token
#    timeout: 5s
#    never-block: [192.0.2.10, 198.51.100.0/24]
#    max-block-ttl: 24h
#    cap-ceiling: 500.00
#    journal-stream: ratelimit:journal

  # A primary with replicas behind an address of their own. Triage may read those; remedies always go to the primary.
#  with-reader:
#    redis:
#      url: rediss://redis.example:6379
#      replica-url: rediss://redis-reader.example:6379
#      read: replica

  # A primary that sentinels look after. username, password-file and tls are those of the servers; what the sentinels
  # themselves want stands under sentinel. A tls without keys in it trusts the usual authorities.
#  with-sentinels:
#    redis:
#      sentinel:
#        name: mymaster
#        nodes: [sentinel-1.example:26379, sentinel-2.example:26379, sentinel-3.example:26379]
#        password-file: secrets/sentinel-password
#      username: triage
#      password-file: secrets/redis-password
#      tls: {}
#      db: 0
#      read: primary

  # A cluster: some of its nodes are enough, they name the others.
#  with-cluster:
#    redis:
#      cluster: [redis-1.example:6379, redis-2.example:6379]
#      username: triage
#      password-file: secrets/redis-password
#      tls:
#        ca-file: tls/ca.pem
#      read: replica

# Which context and runbook triage --alert takes for an alert, by the labels that it must have; the first that matches.
#alerts:
#  - { match: { alertname: RateLimitSpike, cluster: local }, context: local, runbook: aegis }
`;
