// 谁慢了，为什么: a step overdue is a fact and has a clock, a target at risk is a forecast and has
// a triangle.

import { h, icon } from './dom.js';
import { runs } from './sentence.js';
import { longDay, said, words } from './words.js';

const SHOWN = 4;

export function lateList(overview, all) {
  const { late } = overview;
  if (late.length === 0) {
    return [
      h('p', { class: 'nobody' }, words.nobody),
      h('p', { class: 'muted' }, words.nobodyWhy(longDay(overview.as_of))),
    ];
  }
  return h('ol', null, (all ? late : late.slice(0, SHOWN)).map((item, at) => {
    const risk = item.severity === 'risk';
    const name = item.kind === 'missed' ? 'miss' : risk ? 'risk' : 'late';
    return h('li', { 'data-key': [item.township, item.kind, item.target, item.due_on].join('/'), class: at === 0 ? 'first' : null },
      h('h3', { lang: 'zh-CN' }, item.name),
      h('span', { class: `tagged ${risk ? 'risk' : 'late'}` }, icon(name), ' ', said(item, 'label')),
      h('p', null, runs(said(item))));
  }));
}

/** How many there are; a button where some are folded away. */
export function lateAll(overview, all) {
  const count = overview.late.length;
  if (count === 0) return [];
  if (count <= SHOWN) return h('span', { class: 'note', 'data-live': true }, words.all(count));
  return h('button', { class: 'btn small plain', type: 'button', 'data-act': 'late', 'aria-expanded': String(all) },
    all ? words.fewer : words.all(count));
}
