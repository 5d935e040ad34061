/** The alerting rules of the runbook to start from. */
export const EXAMPLE_RULES = `# The alerts that lead here, as rules of Prometheus; \`ratelimit rules --runbook <this file>\` writes them. \`when\` makes
# the expression from a signal's sources: each entity by itself, all together, or the count of those that reach \`each\`.
# What it cannot say is PromQL in \`expr\`, where {window} and thresholds by their names are places. \`categories\`: what
# it may turn out to be.
rules:
  - id: client-rejects
    # One of \`alerts\` above; several rules may have the same.
    alert: NginxLimitReq
    when: { signal: rejects-by-client, of: each, at-least: reject-rate }
    for: 5m
    # The label that routes it; the runbook's severity unless said.
    severity: warning
    summary: "{entity}: {value} rejected requests a second over {window}"
    description: "At least {reject-rate} rejected request a second for {for}."
    categories: [client-over-limit, sign-in-flood, edge-overload]
  - id: many-clients-rejected
    alert: NginxLimitReq
    when: { signal: rejects-by-client, of: count, each: client-reject-rate, at-least: many-clients }
    for: 5m
    severity: warning
    summary: "{value} clients are rejected at once"
    categories: [edge-overload]
  - id: connections-near-limit
    alert: NginxLimitReq
    expr: |
      sum by (instance) (nginx_connections_active) >= {connection-ratio} * {connection-limit}
    # The labels that its answer keeps, and the signals that it is about.
    by: [instance]
    signals: [connections]
    for: 5m
    severity: warning
    summary: "{entity}: {value} active connections"
    categories: [edge-overload]

# What Prometheus does not see, so that nothing can page for it, and what to export to change that.
not-alerted:
  - categories: [address-flood]
    text: Refused requests by address are counted in Redis alone.
    export: Have the edge count what it refuses for an address in a metric; its total is enough.
`;
