// The two targets: their numbers, the words at their lines, and all of it as a table.

import { passed } from './axis.js';
import { h, icon, s } from './dom.js';
import { labels, measure } from './labels.js';
import { axisMonth, fullDay, nearDay, said, signedDays, words } from './words.js';

const STATE_ICON = { achieved: 'ok', 'achieved-late': 'ok', 'on-track': 'go', 'at-risk': 'risk', missed: 'miss' };

/** A target's own state is its worst member's; once it is due, passing late no longer helps. */
function worst(target, over) {
  if (target.missed || (over && target.expected < target.members)) return 'miss';
  if (target.at_risk) return 'risk';
  return target.members > 0 && passed(target) === target.members ? 'ok' : 'go';
}

/** The numbers beside the lanes, at the height of each lane. */
export function counts(scale, overview) {
  return scale.lanes.map(({ target, head }) => {
    const over = overview.as_of > target.due_on;
    const name = worst(target, over);
    const frozen = target.members_at_freeze;
    return h('dl', { class: 'lane', 'data-key': target.code, style: { top: `${head}px` } },
      h('dt', null, `${said(target, 'name')} `, h('span', null, words.strength[target.strength] ?? '')),
      h('dd', { class: 'big' }, h('b', { 'data-live': true }, String(passed(target))),
        h('small', null, words.members(target.members)),
        frozen !== null && frozen !== undefined && frozen !== target.members
          ? h('small', { class: 'frozen' }, words.withLeft(frozen)) : null),
      h('dd', { class: `forecast ${name}` }, icon(name), ` ${over ? words.passedByTheDay : words.byTheDay} `,
        h('b', { 'data-live': true }, words.offices(target.expected))));
  });
}

/** What a screen reader is told instead of the lines. */
export const chartLabel = (overview) =>
  `${words.chartLabel}。${overview.targets.map((target) => words.laneLabel(said(target, 'name'),
    passed(target), target.members, fullDay(target.due_on), target.expected)).join('')}`;

/** Words, months, phases and the day's upright: there before the chart's own module is. */
export function overlay(scale, overview) {
  const dayX = scale.x(overview.as_of);
  const bottom = scale.bottom;
  const months = scale.quarters.map((day, at) => {
    const x = scale.x(day);
    const first = scale.narrow && at === 0;
    const room = at === 0 || x + 20 <= scale.width;
    return room && s('text', { class: 'month', x: first ? 0 : x, y: bottom + 12, 'text-anchor': first ? 'start' : 'middle' },
      axisMonth(day, first));
  });
  const height = bottom + (scale.narrow ? 18 : 46);
  return s('svg', { width: scale.width, height, 'aria-hidden': 'true' },
    scale.narrow ? null : phases(scale, overview),
    s('line', { class: 'day', x1: dayX, x2: dayX, y1: scale.narrow ? 36 : -4, y2: scale.narrow ? bottom - 2 : bottom + 42 }),
    months, // over the day's line, or it would strike them out
    labels(scale, overview).map(({ text, kind, bold, x, y, anchor }) =>
      s('text', { class: `label ${kind}${bold ? ' bold' : ''}`, x, y: y + 4.5, 'text-anchor': anchor }, text)));
}

function phases(scale, overview) {
  const y = scale.bottom + 20;
  const wide = measure();
  return overview.phases.map((phase, at) => {
    const from = phase.from_on ?? scale.from;
    const a = scale.x(from < scale.from ? scale.from : from) + (at ? 1 : 0);
    const z = scale.x(phase.to_on > scale.to ? scale.to : phase.to_on);
    const done = Math.min(scale.x(overview.as_of), z);
    return s('g', { class: 'phase' },
      s('rect', { x: a, y, width: Math.max(0, z - a), height: 20 }),
      done > a ? s('rect', { class: 'done', x: a, y, width: done - a, height: 20 }) : null,
      s('text', { x: (a + z) / 2, y: y + 14.5, 'text-anchor': 'middle' }, wide(said(phase, 'name')) <= z - a ? said(phase, 'name') : ''));
  });
}

/** 数据表: the burn-up in rows. */
export function dataTables(overview) {
  const day = (on) => (on ? nearDay(on, overview.as_of) : words.none);
  return overview.targets.map((target) => h('table', { class: 'plain' },
    h('caption', null, `${said(target, 'name')}　${words.due(fullDay(target.due_on))}`),
    h('thead', null, h('tr', null, ['township', 'state', 'passed', 'expected', 'spare', 'step'].map((head) =>
      h('th', { scope: 'col', class: head === 'spare' ? 'r' : null }, [words.heads[head]].flat().join(''))))),
    h('tbody', null, target.rows.map((row) => h('tr', { 'data-key': row.township },
      h('th', { scope: 'row', lang: 'zh-CN' }, row.name),
      h('td', null, h('span', { class: STATE_ICON[row.state] }, icon(STATE_ICON[row.state]), ' ', words.state[row.state])),
      h('td', null, day(row.achieved_on)),
      h('td', null, row.achieved_on ? words.none : day(row.expected_on)),
      h('td', { class: 'r' }, row.spare_wd === null || row.spare_wd === undefined ? words.none : signedDays(row.spare_wd)),
      h('td', null, row.step ? said(row.step) : words.none))))));
}
