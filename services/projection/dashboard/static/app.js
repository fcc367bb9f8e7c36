// The overview: read once, kept current by the stream; each part fails on its own.

import { read } from './api.js';
import { axis } from './axis.js';
import { cards } from './cards.js';
import { h, icon, show } from './dom.js';
import { lateAll, lateList } from './late.js';
import { coalesced, follow } from './live.js';
import { matrix } from './matrix.js';
import { sentences, spoken } from './sentence.js';
import { chartLabel, counts, dataTables, overlay } from './targets.js';
import { fullDay, instant, lang, longDay, said, words } from './words.js';

const REFETCH_MS = 400;
const ANNOUNCE_MS = 60000;
const SLOW_MS = 2000;
const RETRY_MS = 2000;
// Figures are a fold of what was recorded: of one position and one day there is one answer.
const SAME = ['position', 'as_of', 'today'];
const NO_PROGRAMME_MS = 15000;

const asked = new URLSearchParams(location.search);
const at = (id) => document.getElementById(id);
const narrow = matchMedia('(max-width: 640px)');
const clockTime = (date) => instant(date).time;

let programme = asked.get('programme');
let overview = null;
let requestedAt = 0;
let sort = null;
let allLate = false;
let tableOpen = false;
let line = { state: 'waiting', since: null };
let spokenAt = -Infinity;
let lastSpoken = '';
let isOpen = () => false;
let anew = false;
let drawnWidth = 0;

const PARTS = {
  day: () => words.asOf(longDay(overview.as_of)),
  sentence: () => sentences(overview),
  data: () => dataTables(overview),
  'late-all': () => lateAll(overview, allLate),
  late: () => lateList(overview, allLate),
  'townships-head': () => h('span', { 'data-live': true }, words.countedTownships(overview.townships.length)),
  matrix: () => (overview.townships.length ? matrix(overview, sort) : h('p', { class: 'muted' }, words.emptyTownships)),
  cards: () => cards(overview),
  cut: () => cut(),
};

const LANES = {
  counts: () => counts(scale(), overview),
  labels: () => overlay(scale(), overview),
};

const scale = () => axis(overview, at('plot').clientWidth, narrow.matches);

function render(fade) {
  const main = at('main');
  main.classList.remove('alone');
  main.removeAttribute('aria-busy');
  at('programme').textContent = said(overview.programme, 'name');
  at('illustrative').classList.remove('unknown');
  at('illustrative').hidden = !overview.programme.illustrative;
  for (const id of Object.keys(PARTS)) renderPart(id, fade);
  renderPast(overview.as_of === overview.today ? null : overview.as_of);
  renderLine();
  renderLanes(fade);
}

/** What is laid out by the plot's width; behind the data table it has none. */
function renderLanes(fade) {
  if (tableOpen) return;
  drawnWidth = at('plot').clientWidth;
  at('lanes').style.height = `${scale().bottom + (narrow.matches ? 18 : 46)}px`;
  renderPart('counts', fade);
  renderPart('labels', fade);
  renderChart();
}

function renderPart(id, fade) {
  try {
    show(at(id), [(PARTS[id] ?? LANES[id])()].flat(), fade);
  } catch (error) {
    console.error(id, error);
    show(at(id), broken(id));
  }
}

async function renderChart() {
  const burn = at('burn');
  at('plot').setAttribute('role', 'img');
  at('plot').setAttribute('aria-label', chartLabel(overview));
  try {
    const { draw } = await import('./burnup.js');
    burn.querySelector('.broken')?.remove();
    draw(burn, scale(), overview);
  } catch (error) {
    console.error('chart', error);
    show(burn, broken('burn-up'));
  }
  const toggle = document.querySelector('[data-act=table]');
  toggle.disabled = false;
}

const tryAgain = (code) => h('p', { class: 'act' },
  h('button', { class: 'btn', type: 'button', 'data-act': 'again' }, words.again), h('code', null, code));

/** What stands in the place of a part that cannot be shown. */
const broken = (code) => h('div', { class: 'broken' },
  h('p', null, h('span', { class: 'late' }, icon('miss')), ' ', h('b', null, words.broken)),
  h('p', null, words.brokenBody), tryAgain(code));

/** Why nothing came: in the service's own words if it gave any. */
const failure = (error) => [
  h('p', null, error[lang] || words.failedBody),
  tryAgain([error.code ?? error.message, error.reference].filter(Boolean).join(' / ')),
];

/** Nothing to show yet, or nothing that could be fetched: one message instead of the parts. */
function alone(head, ...content) {
  at('main').classList.add('alone');
  at('main').removeAttribute('aria-busy');
  show(at('day'), head);
  show(at('sentence'), content);
}

function cut() {
  const { standard } = overview.programme;
  const { day, time } = overview.recorded_at ? instant(overview.recorded_at) : { day: overview.as_of, time: '' };
  const provisional = overview.rules.calendar.filter(({ provisional }) => provisional).map(({ year }) => year);
  const [before, whole] = words.cut(`${fullDay(day)} ${time}`);
  return [
    h('span', null, before, h('b', { 'data-live': true }, whole), words.records(overview.position)),
    h('span', null, words.rule(overview.rules.risk_version)),
    provisional.length ? h('span', null, words.provisional(provisional.join('、'))) : null,
    standard ? h('span', null, words.standard(standard.title, standard.version)) : null,
  ].filter(Boolean);
}

function renderPast(day) {
  const strip = at('past');
  strip.hidden = day === null;
  if (day === null) return;
  const today = new URLSearchParams(location.search);
  today.delete('as_of');
  const [before, name, after] = words.past(fullDay(day));
  show(strip, [h('span', null, before, h('b', null, name), after), h('a', { class: 'btn small', href: `?${today}` }, words.today)]);
}

/** The dot in the head, and the strip at the foot when there is something to say. */
function renderLine() {
  const known = overview?.recorded_at ? clockTime(overview.recorded_at) : words.none;
  const { since } = line;
  const state = overview || line.state !== 'live' ? line.state : 'waiting';
  at('live').className = `live${state === 'live' ? ' on-line' : ''}`;
  show(at('live'), state === 'live' ? words.live(known) : state === 'waiting' ? words.waiting : words.notLive(known));
  const held = state === 'lost' || state === 'offline' || state === 'stale';
  at('strip').className = `strip ${state}`;
  show(at('strip'), held && overview
    ? [icon(state === 'offline' ? 'off' : 'late'), h('span', null, words[state](clockTime(since), `${fullDay(overview.as_of)} ${known}`))]
    : []);
}

function become(state) {
  // What is already known to be down keeps the time since when it is.
  line = { state, since: state === 'live' || state === 'waiting' ? null : line.since ?? new Date() };
  renderLine();
}

async function refresh() {
  requestedAt = performance.now();
  const query = asked.get('as_of') ? `?as_of=${encodeURIComponent(asked.get('as_of'))}` : '';
  try {
    const fresh = await read(`/v1/overview/${encodeURIComponent(programme)}${query}`);
    if (line.state === 'stale') become(isOpen() ? 'live' : 'lost');
    if (!anew && overview && SAME.every((field) => fresh[field] === overview[field])) return;
    const first = overview === null;
    overview = fresh;
    anew = false;
    render(!first);
    announce(first);
  } catch (error) {
    if (error.status === 401) {
      alone(words.signedOut, h('p', { class: 'act' }, h('a', { class: 'btn', href: location.href }, words.signIn)));
    } else if (overview) {
      if (line.state === 'live') become('stale');
      setTimeout(soon, RETRY_MS);
    } else {
      alone(words.failed, failure(error));
    }
  }
}

const soon = coalesced(refresh, REFETCH_MS);

/** A screen reader hears a changed sentence, and not more than one a minute. */
function announce(first) {
  const text = spoken(overview);
  if (!first && text !== lastSpoken && performance.now() - spokenAt > ANNOUNCE_MS) {
    at('announcement').textContent = text;
    spokenAt = performance.now();
  }
  lastSpoken = text;
}

/** The figures that came within the page, or null. */
const first = () => JSON.parse(at('first').textContent);

async function start() {
  if (overview === null && (overview = first())) {
    programme ??= overview.programme.code;
    render(false);
    announce(true);
  }
  try {
    programme ??= (await read('/v1/programmes')).programmes[0]?.code ?? null;
  } catch (error) {
    alone(words.failed, failure(error));
    return;
  }
  if (programme === null) {
    become('waiting');
    alone(words.emptyHead, h('p', null, words.emptyBody));
    setTimeout(start, NO_PROGRAMME_MS);
    return;
  }
  isOpen = follow(programme, {
    changed: (position) => (overview === null || position > overview.position) && soon(),
    connected() {
      become('live');
      // What was recorded between the last answer and the line's opening was announced to nobody.
      if (requestedAt || overview) soon();
    },
    lost: (since) => {
      line.since = since;
      become(navigator.onLine ? 'lost' : 'offline');
    },
  });
  if (overview === null) soon();
}

const ACTIONS = {
  again() {
    anew = true;
    if (programme === null) start();
    else soon();
  },
  late() {
    allLate = !allLate;
    renderPart('late-all');
    renderPart('late');
  },
  table(button) {
    tableOpen = !tableOpen;
    at('data').hidden = !tableOpen;
    at('lanes').hidden = tableOpen;
    button.setAttribute('aria-expanded', String(tableOpen));
    button.textContent = tableOpen ? words.chart : words.table;
    renderLanes(false);
  },
  sort(_, by) {
    // Up, down, and back to the order of the stages.
    sort = sort?.by !== by ? { by, down: false } : sort.down ? null : { by, down: true };
    renderPart('matrix');
  },
};

document.addEventListener('click', ({ target }) => {
  const button = target.closest('[data-act]');
  if (!button) return;
  const [name, detail] = button.dataset.act.split(':');
  ACTIONS[name](button, detail);
});
addEventListener('offline', () => become('offline'));
addEventListener('online', () => become(isOpen() ? 'live' : 'lost'));
document.addEventListener('visibilitychange', () => !document.hidden && overview && soon());
new ResizeObserver(() => overview && at('plot').clientWidth !== drawnWidth && renderLanes(false)).observe(at('plot'));
matchMedia('(prefers-color-scheme: dark)').addEventListener('change', () => overview && renderLanes(false));
setTimeout(() => {
  if (!at('slowly')) return;
  at('slowly').hidden = false;
  at('slowly').textContent = words.slowly;
}, SLOW_MS);

document.title = words.title;
for (const element of document.querySelectorAll('[data-t]')) element.textContent = words[element.dataset.t];
document.documentElement.classList.add('worded');
at('data').setAttribute('aria-label', words.table);
at('illustrative').title = words.illustrativeWhy;
const otherLanguage = new URLSearchParams(location.search);
otherLanguage.set('lang', lang === 'en' ? 'zh' : 'en');
at('language').href = `?${otherLanguage}`;
at('language').lang = lang === 'en' ? 'zh-CN' : 'en';
show(at('marks'), ['self', 'district', 'city'].map((source) => h('span', null, icon(source), words.marks[source])));
renderLine();
if (asked.get('as_of')?.match(/^\d{4}-\d{2}-\d{2}$/)) renderPast(asked.get('as_of'));
start();
