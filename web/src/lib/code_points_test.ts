import { describe, expect, it } from 'vitest';
import { utf16Offsets } from './code_points';

describe('code points', () => {
  it('counts a pair of surrogates once', () => {
    expect(utf16Offsets('a🜁b', [0, 1, 2, 3, 4])).toEqual([0, 1, 3, 4, undefined]);
    const [from, to] = utf16Offsets('🜁🜂é—z', [1, 4]);
    expect('🜁🜂é—z'.slice(from, to)).toBe('🜂é—');
  });

  it('gives nothing for an offset that is not inside', () => {
    expect(utf16Offsets('abc', [2, 4])).toEqual([2, undefined]);
    expect(utf16Offsets('abc', [-1, 2])).toEqual([undefined, 2]);
    expect(utf16Offsets('abc', [0, 3])).toEqual([0, 3]);
    expect(utf16Offsets('', [0, 1])).toEqual([0, undefined]);
  });
});
