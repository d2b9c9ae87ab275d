// A page's plain text as paragraphs, with the quoted span marked inside them. Pure.

import { utf16Offsets } from '../../lib/code_points';

export interface Run {
  text: string;
  marked: boolean;
}

export interface QuotedSpan {
  /** Code points of the page's text, end excluded. */
  start: number;
  end: number;
  /** The words that should stand there. */
  text: string;
}

export interface MarkedPage {
  paragraphs: Run[][];
  /** `elsewhere`: the page has changed and the words stand at another place; `absent`: they are gone. */
  found: 'in place' | 'elsewhere' | 'absent';
}

/** A span without words marks nothing. */
export function markPage(text: string, span: QuotedSpan): MarkedPage {
  if (span.text === '') return { paragraphs: paragraphs(text, 0, 0), found: 'in place' };
  const [from, to] = utf16Offsets(text, [span.start, span.end]);
  if (from !== undefined && to !== undefined && from < to && text.slice(from, to) === span.text) {
    return { paragraphs: paragraphs(text, from, to), found: 'in place' };
  }
  const at = text.indexOf(span.text);
  if (at >= 0) return { paragraphs: paragraphs(text, at, at + span.text.length), found: 'elsewhere' };
  return { paragraphs: paragraphs(text, 0, 0), found: 'absent' };
}

function paragraphs(text: string, from: number, to: number): Run[][] {
  const found: Run[][] = [];
  for (const match of text.matchAll(/\S(?:[^\n]|\n(?!\s*\n))*/gu)) {
    const start = match.index;
    const end = start + match[0].trimEnd().length;
    const cuts = [start, clamp(from, start, end), clamp(to, start, end), end] as const;
    const runs = [
      { text: text.slice(cuts[0], cuts[1]), marked: false },
      { text: text.slice(cuts[1], cuts[2]), marked: true },
      { text: text.slice(cuts[2], cuts[3]), marked: false },
    ];
    found.push(runs.filter((run) => run.text !== ''));
  }
  return found;
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(Math.max(value, least), most);
}
