import { describe, expect, it } from 'vitest';
import type { Quote } from '../../lib/api_types';
import { copyText } from './copy_text';

const quote: Quote = {
  n: 2, page_id: '012', label: '12', title: 'The Tower', start: 0, end: 9, text: 'No stairs', verified: true,
  origin: 'model', reply_start: 4, reply_end: 15,
};

describe('copyText', () => {
  it('carries the quotes with footnotes that name page ids, each once', () => {
    const reply = 'See “No stairs”, I said.';
    const twice = [quote, { ...quote, start: 20, end: 29, reply_start: 90, reply_end: 99 }];
    expect(copyText({ reply, quotes: twice }, 'Arieol', 'The Entrance Way')).toBe(
      'Arieol: See “No stairs” [2], I said.\n\n[2] The Entrance Way, p. 12, “The Tower” (page id 012)\n',
    );
  });

  it('sets an epigraph apart', () => {
    const epigraph: Quote = { ...quote, origin: 'epigraph', title: '', reply_start: 5, reply_end: 16 };
    expect(copyText({ reply: 'Yes.\n“No stairs”', quotes: [epigraph] }, 'A', '')).toBe(
      'A: Yes.\n\n“No stairs” [2]\n\n[2] p. 12 (page id 012)\n',
    );
  });

  it('is the reply alone where nothing was quoted', () => {
    expect(copyText({ reply: ' Hm. ', quotes: [{ ...quote, verified: false }] }, 'A', 'B')).toBe('A: Hm.\n');
  });
});
