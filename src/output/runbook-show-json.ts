import type { CategoryView } from '../runbooks/view.ts';
import { sayCondition } from './condition-text.ts';
import { toJson } from './json.ts';
import { commandOf } from './runbook-category.ts';
import { limitsData } from './runbook-limits.ts';
import type { ShownRunbook } from './runbook-show.ts';

/** The document `ratelimit/runbook-show/v1`. Its shape is a contract: keys are only ever added. */
export function shownJson(shown: ShownRunbook): string {
  const { view, category, origin, path, context } = shown;
  const { name, title, severity, alerts, links } = view.runbook;
  return toJson({
    schema: 'ratelimit/runbook-show/v1',
    runbook: { name, title, severity, alerts, origin, path },
    context,
    categories: view.categories.map(briefOf),
    category: category === null ? null : wholeOf(category, shown),
    thresholds: view.thresholds,
    limits: view.limits.map(limitsData),
    links: Object.entries(links).map(([id, { title: what, see }]) => ({ id, title: what, see })),
    afterwards: view.runbook.afterwards,
    charts: view.runbook.charts.map(({ signal, title, by, level, query }) => {
      return { signal, title, by, level, query: query?.setting ?? null };
    }),
    questions: view.runbook.questions,
    rules: view.runbook.rules.map(({ id, alert, for: lasting, categories }) => {
      return { id, alert, for: lasting, categories };
    }),
    warnings: view.warnings,
  });
}

const briefOf = ({ spec: { id, title, pattern, cause }, severity }: CategoryView) => {
  return { id, title, pattern, cause, severity };
};

function wholeOf(category: CategoryView, shown: ShownRunbook) {
  const { spec, signals, thresholds, limits } = category;
  const { runbook } = shown.view;
  return {
    ...briefOf(category),
    signals,
    when: sayCondition(spec.when, runbook),
    sureWhen: spec['sure-when'] === null ? null : sayCondition(spec['sure-when'], runbook),
    otherwise: spec.otherwise,
    thresholds: thresholds.map(({ name }) => name),
    limits: limits.map(({ id }) => id),
    caveats: spec.caveats.map(({ when, code, text, ...effects }) => {
      const { lowers, group, withholds, defers, acquits } = effects;
      return { code, text, when: sayCondition(when, runbook), lowers, group, withholds, defers, acquits };
    }),
    respond: spec.respond.map((step) => {
      const [command = null] = commandOf(step, shown);
      return {
        id: step.id,
        kind: command === null ? 'manual' : 'command',
        text: step.text,
        command,
        link: step.link,
        with: step.with,
        untilAnswered: step['until-answered'],
      };
    }),
  };
}
