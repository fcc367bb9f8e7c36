// The one axis of time that both lanes lie on, and where each lane is.

const DAY_MS = 86400000;
const ms = (day) => Date.parse(day); // a civil day, read as UTC on both sides of every difference
const iso = (time) => new Date(time).toISOString().slice(0, 10);

const quarter = (day, step = 0) => {
  const [y, m] = day.split('-').map(Number);
  return iso(Date.UTC(y, Math.floor((m - 1) / 3) * 3 + step * 3, 1));
};

/** Small lanes name each township; in a large one the names would lie on each other. */
export const isSmall = (target) => target.members <= 5;

/** How many are through, in time or late. */
export const passed = (target) => target.burnup.at(-1)?.count ?? 0;

/**
 * The scale of the burn-up for a plot of `width` pixels: `x(day)`, the quarters, the phases, and
 * each lane's `top` and `height`. Narrow plots begin a quarter or two before the day shown, and
 * never so late that the way to the first due day is cut off.
 */
export function axis(overview, width, narrow) {
  const expected = overview.targets.flatMap((target) => target.forecast.map(({ on }) => on));
  const begins = overview.begins_on ?? overview.as_of;
  const last = [iso(ms(overview.ends_on ?? overview.as_of) + DAY_MS), ...expected, ...overview.targets.map(({ due_on }) => due_on)]
    .reduce((a, b) => (a > b ? a : b));
  const begin = quarter(begins);
  const firstDue = overview.targets.map(({ due_on }) => due_on).sort()[0] ?? overview.as_of;
  const recent = [overview.as_of, firstDue].map((day) => quarter(iso(ms(day) - 90 * DAY_MS))).sort()[0];
  const from = narrow && recent > begin ? recent : begin;
  const to = last === quarter(last) ? last : quarter(last, 1);
  const left = 20;
  const right = narrow ? 8 : 96;
  const perMs = (width - left - right) / (ms(to) - ms(from));
  const x = (day) => left + (ms(day) - ms(from)) * perMs;
  return { begins, from, to, left, right, width, narrow, x, quarters: quarters(from, to), ...lanes(overview.targets, narrow) };
}

function quarters(from, to) {
  const list = [];
  for (let day = from; day <= to; day = quarter(day, 1)) list.push(day);
  return list;
}

function lanes(targets, narrow) {
  let below = narrow ? 0 : -4;
  const list = targets.map((target, at) => {
    const small = isSmall(target);
    const top = below + (narrow ? (small ? 40 : 58) : 30);
    const height = narrow ? (small ? 76 : 66) : small ? 62 : 80;
    // Narrow, the lane's numbers stand in a line above it, else to its left.
    const head = narrow ? below : at === 0 ? 4 : top - 6;
    below = top + height + (narrow ? 8 : 0);
    return { target, small, head, top, height, y: (count) => top + height * (1 - count / Math.max(1, target.members)) };
  });
  return { lanes: list, bottom: below + (narrow ? 0 : 6) };
}
