import { describe, expect, it } from 'vitest';
import { codePointSlice, utf16Offsets } from './code_points';

describe('code points', () => {
  it('counts a pair of surrogates once', () => {
    expect(utf16Offsets('a🜁b', [0, 1, 2, 3, 4])).toEqual([0, 1, 3, 4, undefined]);
    expect(codePointSlice('🜁🜂é—z', 1, 4)).toBe('🜂é—');
  });

  it('gives nothing for a span that is not inside', () => {
    expect(codePointSlice('abc', 2, 4)).toBeUndefined();
    expect(codePointSlice('abc', -1, 2)).toBeUndefined();
    expect(codePointSlice('abc', 2, 2)).toBeUndefined();
    expect(codePointSlice('abc', 0, 3)).toBe('abc');
    expect(codePointSlice('', 0, 1)).toBeUndefined();
  });
});
