// The sentences the page opens with.

import { h, icon, sr } from './dom.js';
import { said, words } from './words.js';

export const STATUS_ICON = { achieved: 'ok', 'on-track': 'go', 'at-risk': 'risk', missed: 'miss', empty: 'no' };

/** Runs of text; a figure is bold and stays on one line. */
export const runs = (list) =>
  list.map(({ text, figure }) => (figure ? h('b', { class: 'figure', 'data-live': true }, text) : text));

export function sentences(overview) {
  return overview.sentence.map((sentence) => {
    const name = STATUS_ICON[sentence.status];
    return h('p', { 'data-key': sentence.target },
      h('span', { class: `status ${name}` }, icon(name)), sr(`${words.status[sentence.status]} `),
      runs(said(sentence)));
  });
}

/** The same words, for a screen reader. */
export const spoken = (overview) =>
  overview.sentence.map((sentence) => said(sentence).map(({ text }) => text).join('')).join(' ');
