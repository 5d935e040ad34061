import { colourRules, colourVariables } from './palette.ts';

/**
 * The one style of every page. Colours are named once for light (and paper) and once for dark; texts keep a contrast of
 * 4.5 to 1 or more (WCAG 2.2, 1.4.3) on what they stand on, lines and bars 3 to 1 (1.4.11).
 */
export const STYLE = `
:root {
  color-scheme: light dark;
  --page: #f6f7f9; --card: #ffffff; --edge: #d9dee5; --text: #1b2430; --quiet: #55606e; --sunk: #eef1f5;
  --bad: #b3261e; --warn: #8a5300; --good: #1a6e3c; --plain: #2f5fa8;
  --badsoft: #fcebe9; --warnsoft: #fdf1dc; --goodsoft: #e5f4ea; --plainsoft: #e8eff9;
  ${colourVariables(false)}
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --page: #11161c; --card: #1a2129; --edge: #323c47; --text: #e6eaef; --quiet: #a5b0bd; --sunk: #232c36;
    --bad: #ff9a8f; --warn: #f2bd61; --good: #7fd3a0; --plain: #8ab8f5;
    --badsoft: #3a2122; --warnsoft: #362b17; --goodsoft: #1b3226; --plainsoft: #1f2d40;
    ${colourVariables(true)}
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--page); color: var(--text); overflow-wrap: anywhere;
  font: 1rem/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", Arial, sans-serif; }
main, footer { max-width: 60rem; margin: 0 auto; padding: 1.5rem 1.25rem; }
footer { padding-top: 0; color: var(--quiet); font-size: .8125rem; }
footer p { margin: .25rem 0; }
h1, h2, h3, h4, h5, p, ul, ol, dl, dd, figure, pre { margin: 0; }
h1 { font-size: 1.625rem; line-height: 1.25; font-weight: 650; letter-spacing: -.01em; }
h2 { font-size: 1.1875rem; line-height: 1.3; font-weight: 650; margin: 2.25rem 0 .75rem; }
h3 { font-size: 1rem; font-weight: 650; margin: 1.25rem 0 .5rem; }
h4, h5 { font-size: .9375rem; font-weight: 650; margin: 1rem 0 .375rem; }
p + p, ul + p, p + ul { margin-top: .5rem; }
code, pre, .id { font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "Liberation Mono", monospace; font-size: .875em; }
.origin { color: var(--quiet); font-size: .875rem; margin-bottom: .625rem; }
.card { background: var(--card); border: 1px solid var(--edge); border-radius: .625rem; padding: 1.125rem 1.25rem; }
.card + .card { margin-top: .875rem; }
.card > :first-child, .card > section:first-child > :first-child, .split > section > :first-child,
.card figcaption > :first-child { margin-top: 0; }
.card > :last-child, .card > :last-child > :last-child { margin-bottom: 0; }
.verdict { border-left: .375rem solid var(--plain); padding: 1.375rem 1.5rem; }
.verdict.bad { border-left-color: var(--bad); }
.verdict.warn { border-left-color: var(--warn); }
.verdict.good { border-left-color: var(--good); }
.verdict > h3 { font-size: 1.25rem; margin: 0; }
.verdict .lead { font-size: 1.125rem; line-height: 1.5; margin-top: .625rem; }
.cause { color: var(--quiet); font-weight: 550; }
.badges { display: flex; flex-wrap: wrap; gap: .5rem; margin-bottom: .625rem; }
.badge { display: inline-block; border-radius: 1rem; padding: .125rem .6875rem; font-size: .8125rem; font-weight: 600;
  background: var(--plainsoft); color: var(--plain); border: 1px solid currentColor; }
.badge.bad { background: var(--badsoft); color: var(--bad); }
.badge.warn { background: var(--warnsoft); color: var(--warn); }
.badge.good { background: var(--goodsoft); color: var(--good); }
.note { border-radius: .5rem; padding: .625rem .875rem; margin-top: .875rem; background: var(--warnsoft); color: var(--warn); font-weight: 550; }
.numbers { display: flex; flex-wrap: wrap; gap: .875rem; margin-top: .875rem; }
.numbers > div { flex: 1 1 12.5rem; display: flex; flex-direction: column; justify-content: space-between; background: var(--card); border: 1px solid var(--edge); border-radius: .625rem; padding: .75rem 1rem; }
.numbers dt { color: var(--quiet); font-size: .8125rem; line-height: 1.35; }
.numbers b { display: block; font-size: 1.5rem; line-height: 1.3; font-weight: 650; font-variant-numeric: tabular-nums; }
.numbers span { color: var(--quiet); font-size: .8125rem; }
.split { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(100%, 21rem), 1fr)); gap: 1rem 1.75rem; }
ul, ol { padding-left: 1.375rem; }
li { margin: .3125rem 0; }
ul.for, ul.against { list-style: none; padding-left: 0; }
ul.for > li, ul.against > li { position: relative; padding-left: 1.5rem; }
ul.for > li::before, ul.against > li::before { position: absolute; left: .125rem; font-weight: 700; }
ul.for > li::before { content: "+"; color: var(--good); }
ul.against > li::before { content: "!"; color: var(--warn); left: .3125rem; }
ol.steps { list-style: none; padding-left: 0; counter-reset: step; }
ol.steps > li { counter-increment: step; position: relative; padding-left: 2.25rem; margin: .875rem 0; }
ol.steps > li::before { content: counter(step); position: absolute; left: 0; width: 1.5rem; height: 1.5rem; border-radius: 50%;
  background: var(--plainsoft); color: var(--plain); font-size: .8125rem; font-weight: 650; text-align: center; line-height: 1.5rem; }
ol.steps > li:first-child { margin-top: 0; }
ol.steps > li:last-child, ol.steps > li:last-child > pre { margin-bottom: 0; }
pre.command span { white-space: nowrap; }
pre.command { background: var(--sunk); border: 1px solid var(--edge); border-radius: .5rem; padding: .5rem .75rem;
  margin: .5rem 0; white-space: pre-wrap; user-select: all; -webkit-user-select: all; }
.table { overflow-x: auto; margin: .5rem 0; }
.table:focus-visible, summary:focus-visible { outline: 2px solid var(--plain); outline-offset: 2px; }
table { border-collapse: collapse; width: 100%; font-size: .9375rem; font-variant-numeric: tabular-nums; overflow-wrap: normal; }
th, td { text-align: left; vertical-align: top; padding: .375rem 1.25rem .375rem 0; border-bottom: 1px solid var(--edge); font-weight: 400; }
th:last-child, td:last-child { padding-right: 0; }
thead th { color: var(--quiet); font-size: .8125rem; white-space: nowrap; }
td.right, th.right { text-align: right; white-space: nowrap; }
tbody th { overflow-wrap: anywhere; min-width: 8rem; }
tbody tr:last-child > * { border-bottom: 0; }
.bar { display: block; width: 100%; min-width: 5rem; height: .625rem; }
td .bar { margin-top: .4375rem; }
.reason .bar { max-width: 20rem; margin: .1875rem 0 .375rem; }
.bar .track { fill: var(--sunk); }
.bar .part { fill: var(--plain); }
.bar.faint .part { fill: var(--k5); }
.bar.bad .part { fill: var(--bad); }
.bar.warn .part { fill: var(--warn); }
.bar.good .part { fill: var(--good); }
.bar .gap { fill: var(--card); }
.bar .tick { fill: var(--text); }
details { margin: .5rem 0; }
summary { cursor: pointer; font-weight: 600; padding: .25rem 0; }
ol.timeline { --when: 6.5rem; list-style: none; padding: 0; }
ol.timeline.dated { --when: 12.25rem; }
ol.timeline > li { display: grid; grid-template-columns: var(--when) 1fr; gap: 0 2rem; margin: 0; padding: .4375rem 0; position: relative; }
ol.timeline > li::before { content: ""; position: absolute; left: calc(var(--when) + .625rem); top: .875rem; width: .75rem; height: .75rem; border-radius: 50%;
  background: var(--plain); border: 2px solid var(--card); z-index: 1; }
ol.timeline > li::after { content: ""; position: absolute; left: calc(var(--when) + .9375rem); top: 0; bottom: 0; border-left: 2px solid var(--edge); }
ol.timeline > li:first-child::after { top: 1rem; }
ol.timeline > li:last-child::after { bottom: auto; height: 1rem; }
ol.timeline > li.is-alert::before { background: var(--bad); }
ol.timeline > li.is-chart::before { background: var(--warn); }
ol.timeline > li.is-remedy::before { background: var(--good); border-radius: 2px; }
ol.timeline > li.is-note::before { background: var(--card); border-color: var(--good); border-radius: 2px; }
ol.timeline > li.is-undo::before { background: var(--quiet); border-radius: 2px; }
.when { color: var(--quiet); font-variant-numeric: tabular-nums; font-size: .9375rem; }
.number { display: inline-block; min-width: 1.25rem; padding: 0 .3125rem; border: 1px solid currentColor; border-radius: .25rem; color: var(--quiet);
  font-size: .75rem; font-weight: 650; line-height: 1.125rem; text-align: center; font-variant-numeric: tabular-nums; }
ul.marks { list-style: none; padding: 0; margin: 0 0 .875rem; display: flex; flex-wrap: wrap; gap: .125rem 1.5rem; font-size: .875rem; color: var(--quiet); }
ul.marks > li { margin: 0; }
ul.effects { list-style: none; padding: 0; margin-top: .75rem; }
ul.effects > li { margin: .625rem 0; }
.pair { display: grid; grid-template-columns: max-content minmax(3rem, 22rem) max-content; gap: .125rem .75rem; align-items: center; margin-top: .25rem;
  font-size: .875rem; color: var(--quiet); }
.pair b { color: var(--text); font-variant-numeric: tabular-nums; }
ul.todo { list-style: none; padding-left: 0; }
ul.todo > li { position: relative; padding-left: 1.75rem; }
ul.todo > li::before { content: ""; position: absolute; left: 0; top: .3125rem; width: .9375rem; height: .9375rem; border: 1.5px solid var(--quiet); border-radius: .1875rem; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.25rem; }
dl.facts dt { color: var(--quiet); }
.chart > svg { display: block; width: 100%; height: auto; font: 12px system-ui, sans-serif; }
.chart > svg.narrow { display: none; }
.chart svg [font-weight="bold"] { font-weight: 700; }
.key { width: 1.75rem; height: .625rem; vertical-align: middle; margin-right: .25rem; }
figcaption { margin-bottom: .5rem; }
figcaption p { color: var(--quiet); font-size: .875rem; }
${colourRules()}
@media screen and (max-width: 36rem) {
  main, footer { padding: 1rem .875rem; }
  h1 { font-size: 1.375rem; }
  .verdict, .card { padding: 1rem; }
  .verdict .lead { font-size: 1.0625rem; }
  .numbers { gap: .625rem; }
  .numbers > div { flex-basis: 9rem; }
  .numbers b { font-size: 1.1875rem; }
  dl.facts { grid-template-columns: 1fr; gap: 0; }
  dl.facts dd { margin-bottom: .5rem; }
  ol.timeline > li { grid-template-columns: 1fr; padding-left: 1.5rem; }
  ol.timeline > li::before { left: 0; }
  ol.timeline > li::after { left: .3125rem; }
  th, td { padding-right: .625rem; }
  thead th { white-space: normal; vertical-align: bottom; }
  .chart .id { word-break: break-all; }
  .bar { min-width: 2.5rem; }
  tbody th { min-width: 7.5rem; }
  .chart > svg.wide { display: none; }
  .chart > svg.narrow { display: block; }
}
@media print {
  @page { margin: 14mm; }
  :root { --page: #ffffff; --text: #000000; --quiet: #3c3c3c; font-size: 82%; }
  main, footer { max-width: none; padding: 0; }
  .card, .numbers > div, pre.command { border-color: #999999; }
  .card, .numbers, figure, tr, li, pre { break-inside: avoid; }
  .card.long { break-inside: auto; }
  h1, h2, h3, h4, h5, summary { break-after: avoid; }
  .table { overflow: visible; }
  thead { display: table-header-group; }
  details::details-content { content-visibility: visible; block-size: auto; }
  .bar, .badge, .note, .verdict, svg { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
`;
