import { type AlertList, type Choice, leadsTo, spelt, titleOf } from '../alert-list.ts';
import { alertText } from '../alert-text.ts';
import { escapeText } from '../escape.ts';
import { SENTENCE } from '../lines.ts';
import { type Html, html, NOTHING } from './markup.ts';
import { type Maker, page } from './page.ts';
import { bullets, card, command, heading } from './parts.ts';

/** The alerts of which one is to be chosen, as a page: there is no verdict before that. Ends with a newline. */
export function alertsHtml(list: AlertList, maker: Maker): string {
  const when = `${list.at.slice(0, 19).replace('T', ' ')} UTC`;
  return page({
    title: `Several alerts, ${when}`,
    body: [
      html`<header class="card verdict warn">\n<p class="origin">Alerts, ${when}</p>\n${heading(1, titleOf(list))}</header>\n`,
      ...list.choices.map(choice),
      card(
        bullets(
          list.warnings.map((warning) => escapeText(warning, SENTENCE)),
          'against',
        ),
      ),
    ],
    about: `Asked ${escapeText(list.source, 500)}, ${when}.`,
    maker,
  });
}

function choice(one: Choice): Html {
  const { title, facts, remarks } = alertText(one.alert);
  const commands = spelt(one).map(
    ({ words, about }) => html`${about === '' ? NOTHING : html`<p>${about}</p>\n`}${command(words)}`,
  );
  return html`<section class="card long">
${heading(2, title)}${bullets([...facts, ...leadsTo(one)])}${bullets(remarks, 'against')}${commands}</section>
`;
}
