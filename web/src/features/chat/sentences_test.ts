import { describe, expect, it } from 'vitest';
import { finishedSentences } from './sentences';

describe('finishedSentences', () => {
  it('gives a sentence once it is whole, the rest at the end', () => {
    const text = 'It is tall. “No stairs.” Why?\nBecause';
    expect(finishedSentences('It is ta', false)).toEqual([]);
    expect(finishedSentences(text, false)).toEqual(['It is tall.', '“No stairs.”', 'Why?']);
    expect(finishedSentences(text, true)).toEqual(['It is tall.', '“No stairs.”', 'Why?', 'Because']);
  });

  it('only ever adds to what it gave before', () => {
    const text = 'One... two? “Three!” (Four.) 3.14 is\n\na number… yes.';
    let before: string[] = [];
    for (let length = 0; length <= text.length; length++) {
      const now = finishedSentences(text.slice(0, length), length === text.length);
      expect(now.slice(0, before.length)).toEqual(before);
      before = now;
    }
    expect(before.join(' ')).toBe('One... two? “Three!” (Four.) 3.14 is a number… yes.');
  });
});
