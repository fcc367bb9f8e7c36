// The townships by stage, one row each.

import { h, icon, s, sr } from './dom.js';
import { nearDay, points, said, signedDays, signedPoints, words } from './words.js';

const GROUPS = ['prep', 'district', 'city', 'done', 'other'];
const AGAINST = new Set(['revoked', 'left']);

/** The stages with the group each is headed by; those of no way forward come last. */
export const stagesOf = (overview) =>
  overview.stages.map((stage) => ({ ...stage, group: AGAINST.has(stage.code) || !GROUPS.includes(stage.group) ? 'other' : stage.group }));

/** The furthest first, then the soonest; `sort` = {by, down} orders by a head instead. */
export function ordered(overview, sort) {
  const order = new Map(overview.stages.map(({ code }, at) => [code, at]));
  const furthest = (row) => [-(order.get(row.stage) ?? -1), row.passed_on ?? row.expected_on ?? '9999'];
  const value = {
    township: (row) => row.township,
    batch: (row) => row.batch?.code ?? null,
    stage: (row) => order.get(row.stage) ?? null,
    stay: (row) => row.in_stage_wd,
    pass: (row) => row.passed_on ?? row.expected_on,
    spare: (row) => row.spare_wd,
    latest: (row) => row.latest?.total_cp ?? null,
    margin: (row) => row.margin_cp,
  }[sort?.by];
  const rows = [...overview.townships];
  rows.sort((a, b) => compare(furthest(a), furthest(b)));
  if (!value) return rows;
  const known = rows.filter((row) => value(row) !== null && value(row) !== undefined);
  known.sort((a, b) => compare([value(a)], [value(b)]) * (sort.down ? -1 : 1));
  return [...known, ...rows.filter((row) => !known.includes(row))]; // without a value: last, both ways
}

function compare(a, b) {
  const at = a.findIndex((value, i) => value !== b[i]);
  return at < 0 ? 0 : a[at] < b[at] ? -1 : 1;
}

/** The mark of a row: what is wrong with it, in one shape. */
export function warning(row) {
  if (row.stuck) return { name: 'miss', tone: 'late', text: `${words.stuck}：${said(row.stuck)}` };
  if (row.late_kinds.includes('missed')) return { name: 'miss', tone: 'late', text: words.state.missed };
  if (row.late_kinds.includes('at-risk')) return { name: 'risk', tone: 'risk', text: words.isAtRisk };
  return row.late_kinds.length > 0 ? { name: 'late', tone: 'late', text: words.isLate } : null;
}

export function matrix(overview, sort) {
  const stages = stagesOf(overview);
  return h('table', { id: 'mx' },
    h('caption', { class: 'sr' }, words.caption),
    h('colgroup', null, ['name', 'batch', ...stages.map(() => 'stage'), 'stay', 'pass', 'spare', 'latest', 'margin']
      .map((name) => h('col', { class: `c-${name}` }))),
    h('thead', null, groupHeads(stages), heads(overview, stages, sort)),
    h('tbody', null, ordered(overview, sort).map((row) => tableRow(row, stages, overview))));
}

function groupHeads(stages) {
  const groups = GROUPS.map((code) => [code, stages.filter(({ group }) => group === code).length]).filter(([, n]) => n > 0);
  return h('tr', { class: 'groups' }, h('td', { colspan: 2 }),
    groups.map(([code, n]) => h('th', { scope: 'colgroup', colspan: n, class: 'edge' }, words.groups[code])),
    h('td', { colspan: 3, class: 'edge' }), h('td', { colspan: 2, class: 'edge' }));
}

function heads(overview, stages, sort) {
  const head = (name, className, below) => {
    const lines = [words.heads[name]].flat();
    const asked = sort?.by === name ? (sort.down ? 'descending' : 'ascending') : null;
    return h('th', { scope: 'col', class: className, 'aria-sort': asked },
      h('button', { type: 'button', 'data-act': `sort:${name}` }, lines.map((line, at) => [at ? h('br') : null, line]),
        below ? h('small', null, below) : null));
  };
  const passAt = overview.pass_cp ? points(overview.pass_cp).replace(/\.00$/, '') : null;
  return h('tr', null, head('township'), head('batch'),
    stages.map((stage, at) => h('th', { scope: 'col', class: `stage${stage.count ? '' : ' zero'}${stages[at - 1]?.group === stage.group ? '' : ' edge'}` },
      h('span', { class: 'upright' }, said(stage)),
      h('b', { 'data-live': true }, stage.count ? String(stage.count) : ''))),
    head('stay', 'r edge'), head('pass'), head('spare', 'r'), head('latest', 'r edge'), head('margin', 'r', passAt));
}

function tableRow(row, stages, overview) {
  const warn = warning(row);
  const near = (day) => nearDay(day, overview.as_of);
  const risky = row.spare_wd < 0;
  const passName = row.passed_on ? 'ok' : risky ? 'risk' : 'go';
  const passOn = row.passed_on ?? row.expected_on;
  return h('tr', { 'data-key': row.township },
    h('th', { scope: 'row' }, h('span', { lang: 'zh-CN' }, row.name),
      warn ? h('span', { class: warn.tone, title: warn.text }, icon(warn.name), sr(warn.text)) : null),
    h('td', { class: 'batch' }, row.batch ? h('span', { lang: 'zh-CN' }, row.batch.name) : words.none),
    h('td', { class: 'track', colspan: stages.length }, track(row, stages)),
    h('td', { class: 'r', 'data-live': true }, String(row.in_stage_wd)),
    h('td', { 'data-live': true }, passOn
      ? [h('span', { class: passName }, icon(passName), sr(row.passed_on ? words.isPassed : words.isExpected)), ' ', near(passOn)]
      : words.none),
    h('td', { class: `r${risky ? ' risk' : ''}`, 'data-live': true }, row.passed_on || row.spare_wd === null ? '' : signedDays(row.spare_wd)),
    row.latest ? markCells(row) : h('td', { class: 'none', colspan: 2 }, words.noMark));
}

function markCells({ latest, margin_cp: margin }) {
  return [
    h('td', { class: 'r', 'data-live': true }, icon(latest.source), sr(words.marks[latest.source]), ' ', points(latest.total_cp)),
    h('td', { class: `r${margin < 0 ? ' risk' : ''}`, 'data-live': true }, margin === null ? words.none : signedPoints(margin)),
  ];
}

/** The row's way through the stages; in shares of its width, so that it fits any. */
function track(row, stages) {
  const at = stages.findIndex(({ code }) => code === row.stage);
  const stage = stages[at];
  if (!stage) return words.none;
  const x = (i) => `${((i + 0.5) / stages.length) * 100}%`;
  const tone = stage.group === 'other' ? 'late' : warning(row)?.tone === 'risk' ? 'risk' : stage.group;
  const right = at < stages.length - 1; // the last has no room after it
  return [
    s('svg', { class: `way ${tone}`, 'aria-hidden': 'true' },
      s('line', { class: 'rail', x1: x(0), x2: x(stages.length - 1), y1: '50%', y2: '50%' }),
      stages.map((_, i) => s('line', { class: 'rail', x1: x(i), x2: x(i), y1: '40%', y2: '60%' })),
      s('line', { class: 'gone', x1: x(0), x2: x(at), y1: '50%', y2: '50%' }),
      s('svg', { x: x(at), y: '50%', overflow: 'visible' },
        tone === 'risk' ? s('path', { d: 'M0 -8l8 14h-16z' }) : s('circle', { r: 6 }),
        stage.group === 'done' ? s('path', { class: 'on', d: 'M-2.8 .2l2 2 3.6-4' }) : null,
        s('text', { x: right ? 12 : -12, y: 4.5, 'text-anchor': right ? 'start' : 'end' }, said(stage)))),
    sr(words.nowAt(said(stage))),
  ];
}
