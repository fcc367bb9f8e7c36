// The townships where the screen is narrow: a list, with the way so far as a bar.

import { h, icon, s, sr } from './dom.js';
import { ordered, stagesOf, warning } from './matrix.js';
import { points, said, words } from './words.js';

export function cards(overview) {
  const stages = stagesOf(overview).filter(({ group }) => group !== 'other');
  return ordered(overview, null).map((row) => {
    const stage = overview.stages.find(({ code }) => code === row.stage);
    const at = stages.findIndex(({ code }) => code === row.stage);
    const warn = warning(row) ?? (stage?.group === 'done' ? { name: 'ok', tone: 'ok', text: words.isPassed } : null);
    const tone = warn?.tone === 'risk' ? 'risk' : stage?.group;
    return h('li', { 'data-key': row.township },
      h('b', { lang: 'zh-CN' }, row.name),
      h('span', null, warn ? [h('span', { class: warn.tone }, icon(warn.name), sr(warn.text)), ' '] : null,
        h('span', { 'data-live': true }, stage ? said(stage) : words.none)),
      h('span', { class: `margin${row.margin_cp < 0 ? ' risk' : ''}`, 'data-live': true }, distance(row)),
      s('svg', { class: `bar-way ${tone}`, viewBox: `0 0 ${stages.length * 22 - 2} 8`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
        stages.map((_, i) => s('path', { class: i <= at ? 'gone' : null, d: `M${i * 22} 4h20` }))),
      h('span', { class: 'stay', 'data-live': true }, words.stay(row.in_stage_wd)));
  });
}

function distance({ margin_cp: margin, latest }) {
  if (margin === null || margin === undefined) return latest ? words.none : words.noMark;
  return margin < 0 ? words.short(points(-margin)) : words.over(points(margin));
}
