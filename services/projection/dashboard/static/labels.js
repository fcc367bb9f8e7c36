// Where the words of the burn-up go: at their line, never on each other, and left out if need be.

import { isSmall, passed } from './axis.js';
import { fullDay, nearDay, words } from './words.js';

const LINE = 16;
const DOT = 5;

/** The width of `text` in the burn-up's type. */
export function measure() {
  const context = document.createElement('canvas').getContext('2d');
  const family = getComputedStyle(document.documentElement).getPropertyValue('--sans');
  return (text, bold) => {
    context.font = `${bold ? 700 : 400} 12px ${family}`;
    return context.measureText(text).width + 4;
  };
}

/** Labels with `x`, `y` (their middle) and `anchor`, for the lanes of `scale`. */
export function labels(scale, overview) {
  const wide = measure();
  const taken = [];
  const placed = [];
  const dayX = scale.x(overview.as_of);
  for (const lane of scale.lanes) taken.push(...obstacles(scale, lane, overview.as_of));
  const dayLine = { x0: dayX - 2, x1: dayX + 2, y0: 0, y1: scale.bottom };
  if (!scale.narrow) place({ text: nearDay(overview.as_of, overview.as_of), bold: true, kind: 'day' }, [{ x: dayX - 5, y: 4, anchor: 'end' }]);

  for (const lane of scale.lanes) {
    for (const wanted of ofPoints(scale, lane, overview)) {
      // What is late is said even across the day's line, if nowhere else.
      if (!place(wanted, wanted.at) && wanted.kind === 'risk') place(wanted, wanted.at, true);
    }
    const { target } = lane;
    const x = scale.x(target.due_on);
    place({ text: words.due(nearDay(target.due_on, target.due_on)), kind: 'due' }, [
      { x: x + 5, y: lane.top, anchor: 'start' },
      { x: x + 3, y: lane.top - LINE, anchor: 'start' },
      { x: x - 3, y: lane.top - LINE, anchor: 'end' },
      { x: x + 5, y: lane.top + lane.height - LINE, anchor: 'start' },
      { x: x - 5, y: lane.top + lane.height / 2, anchor: 'end' },
      { x: x - 5, y: lane.top + lane.height - LINE / 2 - 1, anchor: 'end' },
    ]);
  }
  return placed;

  /** Put `label` at the first of `candidates` that is free; false if none is. */
  function place(label, candidates, acrossTheDay = false) {
    for (const [text, at] of [label.text, label.short].flatMap((said) => (said ? candidates.map((it) => [said, it]) : []))) {
      const width = wide(text, label.bold);
      const x0 = at.anchor === 'end' ? at.x - width : at.x;
      const box = { x0, x1: x0 + width, y0: at.y - LINE / 2, y1: at.y + LINE / 2 };
      const inside = box.x0 >= 0 && box.x1 <= scale.width && box.y0 >= -6;
      if (!inside || taken.some((other) => hit(box, other)) || (!acrossTheDay && hit(box, dayLine))) continue;
      taken.push(box);
      placed.push({ ...label, text, ...at });
      return true;
    }
    return false;
  }
}

const hit = (a, b) => a.x0 < b.x1 && b.x0 < a.x1 && a.y0 < b.y1 - 1 && b.y0 < a.y1 - 1;

/** What no label may cover: dots, steps, the upright, the lane's numbers where they lie above it. */
function obstacles(scale, lane, asOf) {
  const { target } = lane;
  const due = scale.x(target.due_on);
  const list = [{ x0: due - 3, x1: due + 3, y0: lane.top, y1: lane.top + lane.height }];
  if (scale.narrow) list.push({ x0: 0, x1: scale.width, y0: lane.head, y1: lane.head + 32 });
  let before = { x: scale.left, y: lane.y(0) };
  const steps = [...target.burnup, { on: asOf, count: passed(target) }, ...target.forecast];
  for (const { on, count } of steps) {
    const to = { x: scale.x(on), y: lane.y(count) };
    list.push({ x0: before.x, x1: to.x, y0: before.y - 1, y1: before.y + 2 });
    list.push({ x0: to.x - 1, x1: to.x + 1, y0: Math.min(before.y, to.y), y1: before.y });
    if (count !== passed(target) || on !== asOf) {
      list.push({ x0: to.x - DOT, x1: to.x + DOT, y0: to.y - DOT, y1: to.y + DOT });
    }
    before = to;
  }
  return list;
}

/** The labels worth having, the most important first. */
function ofPoints(scale, lane, overview) {
  const { target, small } = lane;
  const due = scale.x(target.due_on);
  const forecast = target.forecast.map((point, at) => {
    const x = scale.x(point.on);
    const next = target.forecast[at + 1];
    const after = next ? scale.x(next.on) : x;
    const y = lane.y(point.count);
    const late = point.late_wd > 0;
    const day = scale.narrow ? nearDay(point.on, point.on) : nearDay(point.on, overview.as_of);
    return {
      late, y, x, point,
      text: late ? words.expectedLate(point.name, day, point.late_wd) : words.expectedOn(point.name, day),
      short: late ? words.lateBy(point.name, point.late_wd) : point.name,
      bold: late, kind: late ? 'risk' : 'expected',
      at: [
        ...[x, after, Math.max(after, due)].map((from) => ({ x: from + DOT + 3, y, anchor: 'start' })),
        { x: x + 8, y: y - LINE + 1, anchor: 'end' },
        { x: x - DOT - 3, y, anchor: 'end' },
      ],
    };
  });
  const late = forecast.filter((label) => label.late).slice(0, 3);
  if (small) {
    const through = target.burnup.map((point) => {
      const x = scale.x(point.on);
      const name = point.townships.join('、');
      const day = nearDay(point.on, overview.as_of);
      const text = point.late ? words.passedLateOn(name, day) : scale.narrow ? name : words.passedOn(name, day);
      const y = lane.y(point.count);
      return { text, kind: point.late ? 'late' : 'passed', at: [{ x: x - DOT - 3, y, anchor: 'end' }, { x: x + DOT + 3, y, anchor: 'start' }, { x: x - 8, y: y - LINE, anchor: 'start' }] };
    });
    return [...late, ...through, ...forecast.filter((label) => !label.late)];
  }
  const end = forecast.at(-1);
  if (end) end.at = [{ x: end.x + 8, y: end.y - LINE + 1, anchor: 'end' }, ...end.at];
  return [...late, ...(end && !end.late ? [end] : []), ...(scale.narrow ? [] : batches(forecast, overview))];
}

/** A batch is named at its first dot, unless a small lane names its townships already. */
function batches(forecast, overview) {
  const named = new Set(overview.targets.filter(isSmall).flatMap(({ rows }) => rows.map(({ township }) => township)));
  const of = new Map(overview.townships.filter(({ township }) => !named.has(township)).map(({ township, batch }) => [township, batch]));
  const groups = new Map();
  for (const label of forecast) {
    const batch = of.get(label.point.township);
    if (batch) groups.set(batch.code, [...(groups.get(batch.code) ?? []), { ...label, batch }]);
  }
  return [...groups.values()].filter((group) => group.length > 1).map(([first, ...rest]) => ({
    text: words.inBatch(first.batch.name, rest.length + 1), kind: 'batch',
    at: [{ x: first.x + 6, y: first.y + LINE - 2, anchor: 'start' }],
  }));
}

/** What a dot of the burn-up says when it is pointed at. */
export const pointed = (name, on) => words.passedOn(name, fullDay(on));
