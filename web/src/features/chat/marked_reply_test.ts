import { describe, expect, it } from 'vitest';
import type { Quote } from '../../lib/api_types';
import { citedQuotes, markReply, pageMark, type ReplySpan } from './marked_reply';

const tower = 'The tower had no stairs.';

function quoteIn(reply: string, shown: string, more: Partial<Quote> = {}): Quote {
  const before = reply.slice(0, reply.indexOf(shown));
  const start = Array.from(before).length;
  return {
    n: 1, page_id: '012', label: '12', title: 'T', start: 0, end: 24, text: tower, verified: true, origin: 'model',
    reply_start: start, reply_end: start + Array.from(shown).length, ...more,
  };
}

const kinds = (spans: ReplySpan[]) => spans.map((span) => [span.kind, span.text]);

describe('markReply', () => {
  it('marks a quoted span, its marks included, after letters outside the basic plane', () => {
    const reply = '🜁 It is written: “The tower had no stairs.” So I climbed.';
    expect(kinds(markReply(reply, [quoteIn(reply, `“${tower}”`)]))).toEqual([
      ['speech', '🜁 It is written: '],
      ['quote', `“${tower}”`],
      ['speech', ' So I climbed.'],
    ]);
  });

  it('leaves out the page that the text names right after a quote, since the chip says it', () => {
    const reply = `“${tower}” (p. 12) So I climbed (p. 12).`;
    expect(kinds(markReply(reply, [quoteIn(reply, `“${tower}”`)]))).toEqual([
      ['quote', `“${tower}”`],
      ['speech', ' So I climbed (p. 12).'],
    ]);
  });

  it('waits for the whole span to arrive', () => {
    const reply = `Yes. “${tower}” No.`;
    const quote = quoteIn(reply, `“${tower}”`);
    expect(kinds(markReply('Yes. “The tower had', [quote]))).toEqual([['speech', 'Yes. “The tower had']]);
    expect(markReply(`Yes. “${tower}”`, [quote])).toHaveLength(2);
  });

  it('sets an epigraph apart and takes off the line breaks around it', () => {
    const reply = `I will not say.\n\n“${tower}”\n`;
    const quote = quoteIn(reply, `“${tower}”`, { origin: 'epigraph' });
    expect(kinds(markReply(reply, [quote]))).toEqual([['speech', 'I will not say.'], ['epigraph', `“${tower}”`]]);
  });

  it('marks nothing unverified, misplaced, overlapping or empty', () => {
    const reply = `Yes. “${tower}” No.`;
    const good = quoteIn(reply, `“${tower}”`);
    expect(markReply(reply, [{ ...good, verified: false }])).toHaveLength(1);
    expect(markReply(reply, [{ ...good, reply_start: 0, reply_end: 9 }])).toHaveLength(1);
    expect(markReply(reply, [{ ...good, reply_start: -1, reply_end: -1 }])).toHaveLength(1);
    expect(markReply(reply, [{ ...good, reply_end: 999 }])).toHaveLength(1);
    expect(markReply(reply, [{ ...good, text: '' }])).toHaveLength(1);
    expect(markReply(reply, [good, { ...good, reply_start: good.reply_start + 1 }])).toHaveLength(3);
    expect(markReply('', [good])).toEqual([]);
  });

  it('forgives another setting of marks and spaces, not other words', () => {
    const reply = '"The tower -- had no\nstairs."';
    const at = { reply_start: 0, reply_end: reply.length };
    expect(markReply(reply, [quoteIn(reply, reply, { ...at, text: 'The tower—had no stairs.' })])[0]?.kind).toBe('quote');
    expect(markReply(reply, [quoteIn(reply, reply, { ...at, text: 'The tower had two stairs.' })])[0]?.kind).toBe('speech');
  });

  it('orders quotes by their place', () => {
    const reply = `“${tower}” and “${tower}”`;
    const first = quoteIn(reply, `“${tower}”`);
    const later = { ...first, reply_start: first.reply_end + 5, reply_end: first.reply_end + 5 + 26 };
    expect(markReply(reply, [later, first]).map((span) => span.kind)).toEqual(['quote', 'speech', 'quote']);
  });
});

describe('citedQuotes', () => {
  it('lists each verified quote once, with the numbers of the server', () => {
    const a = quoteIn(tower, tower, { n: 3 });
    const b = quoteIn(tower, tower, { n: 1, start: 30, end: 40 });
    expect(citedQuotes([a, b, { ...a }, { ...b, start: 50, verified: false }]).map((quote) => quote.n)).toEqual([3, 1]);
  });
});

describe('pageMark', () => {
  it.each([
    ['12', 'p. 12'], ['xii', 'p. xii'], ['p. 12', 'p. 12'], ['Page 3', 'Page 3'], ['0', 'p. 0'], ['', 'p. 012'],
    ['Prologue 2', 'p. Prologue 2'],
  ])('%j -> %s', (label, mark) => {
    expect(pageMark({ label, page_id: '012' })).toBe(mark);
  });
});
