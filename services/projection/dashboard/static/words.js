// What the page itself says, in both languages; what a programme is called comes with its data.

export const lang = document.documentElement.lang === 'en' ? 'en' : 'zh';

const WORDS = {
  zh: {
    title: '总览 · 复验',
    other: 'English',
    illustrative: '示例标准',
    illustrativeWhy: '评分标准为示例，不是市里正式标准',
    live: (at) => `实时 ${at}`,
    waiting: '正在连接',
    notLive: (at) => `停在 ${at}`,
    asOf: (day) => `截至${day}`,
    targets: '两个目标',
    key: '实线＝已过市级复验　虚线＝预计　竖线＝期限',
    table: '数据表',
    chart: '看图',
    late: '谁慢了，为什么',
    townships: '镇街',
    countedTownships: (n) => `${n} 个镇街`,
    all: (n) => `全部 ${n} 家`,
    fewer: '收起',
    nobody: '现在没有人慢。',
    nobodyWhy: (day) => `截至${day}，没有逾期的事，两个目标都没有风险。`,
    strength: { aspire: '力争', require: '确保' },
    members: (n) => ` / ${n} 家`,
    withLeft: (n) => `含退出 ${n} 家`,
    byTheDay: '到期预计',
    passedByTheDay: '到期已过',
    offices: (n) => `${n} 家`,
    due: (day) => `期限 ${day}`,
    expectedOn: (name, day) => `${name} 预计${day}`,
    expectedLate: (name, day, wd) => `${name} 预计${day}，晚 ${wd} 个工作日`,
    lateBy: (name, wd) => `${name} 晚 ${wd} 个工作日`,
    passedLateOn: (name, day) => `${name} ${day}，过期才过`,
    passedOn: (name, day) => `${name} ${day}`,
    inBatch: (name, n) => `${name} ${n} 家`,
    laneLabel: (name, passed, members, due, expected) =>
      `${name}：共 ${members} 家，已过 ${passed} 家；期限 ${due}，到期预计 ${expected} 家。`,
    chartLabel: '两个目标的进度图',
    state: { achieved: '已达', 'achieved-late': '过期才达', 'on-track': '按期', 'at-risk': '有风险', missed: '未达' },
    status: { achieved: '已达', 'on-track': '按期', 'at-risk': '有风险', missed: '未达', empty: '还没有镇街' },
    heads: { township: '镇街', state: '目标', passed: '复验合格', expected: '预计合格', step: '决定的一步',
      batch: '批次', stay: ['停留', '工作日'], pass: '预计复验合格', spare: ['富余', '工作日'], latest: ['最近', '评分'], margin: '距合格线', stage: '阶段' },
    groups: { prep: '准备', district: '区级', city: '市级', done: '结果', other: '其他' },
    marks: { self: '自评', district: '初验', city: '复验' },
    caption: '各镇街的阶段、停留、预计复验合格日、最近一次评分',
    nowAt: (stage) => `现在 ${stage}`,
    isLate: '有逾期',
    isAtRisk: '目标有风险',
    isPassed: '已过',
    isExpected: '预计',
    stuck: '卡住',
    noMark: '还没有自评',
    over: (pts) => `过线 ${pts} 分`,
    short: (pts) => `还差 ${pts} 分`,
    stay: (wd) => `停留 ${wd} 个工作日`,
    cut: (at) => ['数据到 ', at],
    records: (n) => `，第 ${n} 条记录`,
    rule: (n) => `预计按风险规则第 ${n} 版`,
    provisional: (years) => `${years} 年日历暂定`,
    standard: (title, version) => `评分按${title}第 ${version} 版`,
    none: '—',
    emptyHead: '还没有复验工作。',
    emptyBody: '区局开了复验工作、纳入了镇街，这里就有数。',
    emptyChart: '还没有镇街承诺，也就没有进度。',
    emptyTownships: '还没有镇街纳入。',
    slowly: '正在取数…',
    broken: '这一块现在显示不了。',
    brokenBody: '别的数不受影响。请再试；三次不行，把编号告诉管理员。',
    failed: '现在取不到数。',
    failedBody: '请再试；三次不行，把编号告诉管理员。',
    signedOut: '登录过期了。',
    signIn: '重新登录',
    again: '再试',
    lost: (since, at) => `${since} 起没连上，数停在 ${at}。连上后会自己补上。`,
    offline: (since, at) => `没有网络（${since} 起），数停在 ${at}。有网后会自己补上。`,
    stale: (since, at) => `${since} 起取不到新数，数停在 ${at}。正在再试。`,
    past: (day) => ['你在看 ', day, '。'],
    today: '回到今天',
  },
  en: {
    title: 'Overview · Fuyan',
    other: '中文',
    illustrative: 'Illustrative standard',
    illustrativeWhy: 'This scoring standard is an example, not the city’s own',
    live: (at) => `Live ${at}`,
    waiting: 'Connecting',
    notLive: (at) => `Held at ${at}`,
    asOf: (day) => `As of ${day}`,
    targets: 'Two targets',
    key: 'solid: passed by the city · dashed: expected · upright: due day',
    table: 'Data table',
    chart: 'Chart',
    late: 'Who is late, and why',
    townships: 'Townships',
    countedTownships: (n) => `${n} townships`,
    all: (n) => `All ${n}`,
    fewer: 'Fewer',
    nobody: 'Nobody is late.',
    nobodyWhy: (day) => `As of ${day} nothing is overdue and neither target is at risk.`,
    strength: { aspire: 'aspire', require: 'require' },
    members: (n) => ` / ${n}`,
    withLeft: (n) => `${n} with those who left`,
    byTheDay: 'by the day',
    passedByTheDay: 'by the day',
    offices: (n) => `${n}`,
    due: (day) => `due ${day}`,
    expectedOn: (name, day) => `${name} expected ${day}`,
    expectedLate: (name, day, wd) => `${name} expected ${day}, ${wd} working days late`,
    lateBy: (name, wd) => `${name}, ${wd} working days late`,
    passedLateOn: (name, day) => `${name} ${day}, late`,
    passedOn: (name, day) => `${name} ${day}`,
    inBatch: (name, n) => `${name}, ${n}`,
    laneLabel: (name, passed, members, due, expected) =>
      `${name}: ${passed} of ${members} passed; due ${due}, ${expected} expected by then.`,
    chartLabel: 'Progress towards both targets',
    state: { achieved: 'achieved', 'achieved-late': 'achieved late', 'on-track': 'on track', 'at-risk': 'at risk', missed: 'missed' },
    status: { achieved: 'achieved', 'on-track': 'on track', 'at-risk': 'at risk', missed: 'missed', empty: 'no townships yet' },
    heads: { township: 'Township', state: 'Target', passed: 'City pass', expected: 'Expected', step: 'Deciding step',
      batch: 'Batch', stay: ['Working', 'days in'], pass: 'City pass expected', spare: ['Days', 'to spare'], latest: ['Latest', 'marks'], margin: 'To pass', stage: 'Stage' },
    groups: { prep: 'Preparation', district: 'District', city: 'City', done: 'Result', other: 'Other' },
    marks: { self: 'self', district: 'district', city: 'city' },
    caption: 'Each township’s stage, days in it, expected pass and latest marks',
    nowAt: (stage) => `now ${stage}`,
    isLate: 'overdue',
    isAtRisk: 'target at risk',
    isPassed: 'passed',
    isExpected: 'expected',
    stuck: 'stuck',
    noMark: 'no self-assessment yet',
    over: (pts) => `${pts} over`,
    short: (pts) => `${pts} short`,
    stay: (wd) => `${wd} working days in`,
    cut: (at) => ['Data to ', at],
    records: (n) => `, record ${n}`,
    rule: (n) => `forecast by risk rule ${n}`,
    provisional: (years) => `${years} calendar provisional`,
    standard: (title, version) => `marks by ${title}, version ${version}`,
    none: '—',
    emptyHead: 'No programme yet.',
    emptyBody: 'Once the district opens one and enrols townships, their progress is shown here.',
    emptyChart: 'No township has committed yet, so there is no progress to draw.',
    emptyTownships: 'No township is enrolled yet.',
    slowly: 'Fetching…',
    broken: 'This part cannot be shown now.',
    brokenBody: 'The other figures are not affected. Try again; after three times give this code to the operator.',
    failed: 'The figures cannot be fetched now.',
    failedBody: 'Try again; after three times give this code to the operator.',
    signedOut: 'Your session has ended.',
    signIn: 'Sign in',
    again: 'Try again',
    lost: (since, at) => `Not connected since ${since}; the figures stay at ${at} and catch up by themselves.`,
    offline: (since, at) => `Offline since ${since}; the figures stay at ${at} and catch up by themselves.`,
    stale: (since, at) => `No new figures since ${since}; they stay at ${at}. Trying again.`,
    past: (day) => ['You are looking at ', day, '.'],
    today: 'Back to today',
  },
};

export const words = WORDS[lang];

/** The field of `thing` in the page's language: `name_zh` or `name_en`, `zh` or `en`. */
export const said = (thing, field) => thing[field ? `${field}_${lang}` : lang];

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const LONG = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'long', year: 'numeric', timeZone: 'UTC' });
const parts = (day) => day.split('-').map(Number);

/** 2018年11月30日, 30 Nov 2018. */
export function fullDay(day) {
  const [y, m, d] = parts(day);
  return lang === 'en' ? `${d} ${MONTHS[m - 1]} ${y}` : `${y}年${m}月${d}日`;
}

/** 2018年11月30日, 30 November 2018: for a title. */
export const longDay = (day) => (lang === 'en' ? LONG.format(new Date(day)) : fullDay(day));

/** Without the year where that is the page's. */
export function nearDay(day, asOf) {
  if (day.slice(0, 4) !== asOf.slice(0, 4)) return fullDay(day);
  const [, m, d] = parts(day);
  return lang === 'en' ? `${d} ${MONTHS[m - 1]}` : `${m}月${d}日`;
}

/** A quarter's first month, for an axis; the year where it begins or where `full`. */
export function axisMonth(day, full) {
  const [y, m] = parts(day);
  const year = full || m === 1;
  if (lang === 'en') return year ? `${MONTHS[m - 1]} ${y}` : MONTHS[m - 1];
  return year ? `${y}年${m}月` : `${m}月`;
}

const CLOCK = new Intl.DateTimeFormat('en-CA', {
  timeZone: 'Asia/Shanghai', hourCycle: 'h23',
  year: 'numeric', month: '2-digit', day: '2-digit', hour: '2-digit', minute: '2-digit',
});

/** An instant as Shanghai reads it: its day and its time. */
export function instant(at) {
  const of = Object.fromEntries(CLOCK.formatToParts(new Date(at)).map(({ type, value }) => [type, value]));
  return { day: `${of.year}-${of.month}-${of.day}`, time: `${of.hour}:${of.minute}` };
}

/** Hundredths of a point as points: 76300 is 763.00. Integers throughout, nothing is rounded. */
export function points(cp) {
  const whole = Math.trunc(Math.abs(cp) / 100).toLocaleString('en-US');
  return `${whole}.${String(Math.abs(cp) % 100).padStart(2, '0')}`;
}

/** With its sign, a real minus. */
export const signedPoints = (cp) => `${cp < 0 ? '−' : '+'}${points(cp)}`;

export const signedDays = (wd) => (wd < 0 ? `−${-wd}` : `${wd}`);
