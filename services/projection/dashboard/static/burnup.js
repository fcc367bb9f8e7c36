// The lines of the burn-up. Loaded after everything that can be read.

import { passed } from './axis.js';
import { init } from './vendor/echarts/echarts.min.js';
import { pointed } from './labels.js';

const token = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();

let chart = null;

/** Draw both lanes of `scale` into `element`. */
export function draw(element, scale, overview) {
  if (!chart) {
    // An element of its own: ECharts owns what it draws into, and sets its position.
    chart = init(element, null, { renderer: 'svg', width: scale.width, height: scale.bottom });
  }
  chart.resize({ width: scale.width, height: scale.bottom });
  chart.setOption(option(scale, overview), { notMerge: true });
}

function option(scale, overview) {
  const { lanes } = scale;
  const text = { fontFamily: token('--sans'), fontSize: 12, color: token('--ink-3') };
  const time = (gridIndex) => ({
    gridIndex, type: 'time', min: scale.from, max: scale.to, axisLine: { lineStyle: { color: token('--ink-3') } },
    axisTick: { show: false }, splitLine: { show: false }, axisLabel: { show: false },
  });
  const count = ({ target, small }, gridIndex) => ({
    gridIndex, min: 0, max: Math.max(1, target.members), interval: small ? 1 : Math.ceil(target.members / 10) * 5,
    axisLine: { show: false }, axisTick: { show: false },
    splitLine: { lineStyle: { color: token('--line'), width: 1 } }, axisLabel: { ...text, margin: 8, showMinLabel: true },
  });
  return {
    animation: false,
    textStyle: text,
    tooltip: { trigger: 'item', transitionDuration: 0, formatter: tip, backgroundColor: token('--surface'), borderColor: token('--edge'),
      borderWidth: 1, padding: [4, 8], textStyle: { ...text, color: token('--ink') } },
    // 6.x would shift one lane against the other to make room for its labels
    grid: lanes.map(({ top, height }) => ({ left: scale.left, right: scale.right, top, height, outerBoundsMode: 'none' })),
    xAxis: lanes.map((_, at) => time(at)),
    yAxis: lanes.map(count),
    series: lanes.flatMap((lane, at) => series(lane.target, at, scale, overview)),
  };
}

function tip({ name, value }) {
  const element = document.createElement('div'); // not markup: a name is text, whatever it holds
  element.textContent = pointed(name, value[0]);
  return element;
}

function series(target, at, scale, overview) {
  const axes = { xAxisIndex: at, yAxisIndex: at };
  const line = (style, data, more) => ({ ...axes, type: 'line', symbol: 'none', silent: true, z: 2, lineStyle: style, data, ...more });
  const dots = (style, data) => ({ ...axes, type: 'scatter', z: 4, symbolSize: 8, cursor: 'default', itemStyle: { opacity: 1, ...style }, data });
  const { due_on: due, members, expected } = target;
  const now = [overview.as_of, passed(target)];
  const seen = target.burnup.filter(({ on }) => on >= scale.from);
  const before = target.burnup.filter(({ on }) => on < scale.from).at(-1)?.count ?? 0;
  const begin = scale.begins > scale.from ? scale.begins : scale.from;
  const city = token('--stage-city');
  const risk = token('--risk-mark');
  const gone = [[begin, before], ...seen.map(({ on, count }) => [on, count]), now];
  const ahead = [now, ...target.forecast.map(({ on, count }) => [on, count])];
  return [
    line({ width: 2, color: token('--stage-done') }, gone, { step: 'end', areaStyle: { color: token('--stage-area'), opacity: 1 } }),
    line({ width: 2, color: city, type: [4, 4] }, ahead, { step: 'end' }),
    line({ width: 1.5, color: token('--ink') }, [[due, 0], [due, members]], { z: 1 }),
    line({ width: 6, color: risk, cap: 'butt' }, expected < members ? [[due, expected], [due, members]] : [], { z: 3 }),
    dots({ color: token('--stage-done') }, seen.map(({ on, count, townships }) => ({ value: [on, count], name: townships.join('、') }))),
    dots({ color: token('--paper'), borderColor: city, borderWidth: 2 }, target.forecast.map(({ on, count, name, late_wd: late }) => ({
      value: [on, count], name, ...(late > 0 ? { symbol: 'triangle', symbolSize: 11, itemStyle: { color: risk, borderWidth: 0, opacity: 1 } } : {}),
    }))),
  ];
}
