// Reading JSON, and what is known when it cannot be read.

/** Why an answer did not come; `code` and `reference` are for whoever is asked for help. */
export class Unanswered extends Error {
  constructor(status, problem = {}) {
    super(problem.code ?? `HTTP ${status}`);
    this.status = status;
    this.code = problem.code ?? (status ? String(status) : 'no-network');
    this.zh = sentences('。', problem.title, problem.next);
    this.en = sentences('. ', problem.title_en, problem.next_en);
    this.reference = problem.correlation_id ?? '';
  }
}

const sentences = (stop, ...texts) =>
  texts.filter(Boolean).map((text) => (/[。.]$/.test(text) ? text : text + stop)).join('').trim();

/** The JSON at `path`; throws Unanswered. */
export async function read(path) {
  let answer;
  try {
    answer = await fetch(path, { headers: { accept: 'application/json' }, cache: 'no-cache' });
  } catch {
    throw new Unanswered(0);
  }
  if (!answer.ok) throw new Unanswered(answer.status, await answer.json().catch(() => ({})));
  return answer.json();
}
