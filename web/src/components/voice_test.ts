import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { contrast, mix, parseHex, readableOn, textOn, toHex } from '../lib/colour';
import { palette } from '../lib/palette';
import { schemeColours } from './voice';

const colours = [
  '#5F9EA0', '#00FFFF', '#FFFF33', '#FF3B3B', '#AAAAAA', '#CC66FF', '#7A3CFF', '#FF3385', '#FF7744', '#FFFFFF',
  '#000000', '#808080', '#767676', '#0000FF', '#00FF00', '#BFFF00', '#8A7F6D',
];
const ratio = (a: string, b: string) => contrast(parseHex(a), parseHex(b));

describe('colour', () => {
  it('measures contrast as WCAG does', () => {
    expect(ratio('#000000', '#ffffff')).toBeCloseTo(21, 5);
    expect(ratio('#777777', '#ffffff')).toBeCloseTo(4.48, 2);
  });

  it('mixes and writes hex', () => {
    expect(toHex(mix(parseHex('#ff0000'), parseHex('#0000ff'), 0.5))).toBe('#800080');
  });

  it('keeps a colour that reads already', () => {
    expect(toHex(readableOn(parseHex('#5a1e7a'), [parseHex('#ffffff')]))).toBe('#5a1e7a');
  });

  it.each(colours)('%s: text on its chip reads', (colour) => {
    expect(contrast(textOn(parseHex(colour)), parseHex(colour))).toBeGreaterThanOrEqual(4.5);
  });
});

describe.each(['light', 'dark'] as const)('the %s scheme', (scheme) => {
  const { paper, leaf, ink, inkSoft } = palette[scheme];

  it.each(colours)('%s: every text reads on every ground', (colour) => {
    const voice = schemeColours(colour, scheme);
    for (const ground of [paper, leaf, voice.tint, voice.mark]) {
      expect(ratio(voice.ink, ground)).toBeGreaterThanOrEqual(4.5);
      expect(ratio(ink, ground)).toBeGreaterThanOrEqual(4.5);
    }
    for (const ground of [paper, leaf, voice.tint]) expect(ratio(inkSoft, ground)).toBeGreaterThanOrEqual(4.5);
  });

  it('has the same values in theme.css', () => {
    const css = readFileSync(new URL('../app/theme.css', import.meta.url), 'utf8');
    const [light = '', dark = ''] = css.split('@media (prefers-color-scheme: dark)');
    const text = scheme === 'light' ? light : dark;
    for (const [name, value] of [['paper', paper], ['leaf', leaf], ['ink', ink], ['ink-soft', inkSoft]]) {
      expect(text).toContain(`--${name}: ${value};`);
    }
  });
});
