// A character's colour as CSS variables, for both schemes at once (theme.css chooses).

import type { CSSProperties } from 'react';
import { mix, parseHex, readableOn, textOn, toHex } from '../lib/colour';
import { palette } from '../lib/palette';

const tintShare = { light: 0.13, dark: 0.12 };
const markShare = { light: 0.24, dark: 0.22 };

export interface SchemeColours {
  /** Ground of the bubble. */
  tint: string;
  /** Ground of a quoted span. */
  mark: string;
  /** Text in the character's colour, readable on paper, leaf, tint and mark. */
  ink: string;
}

export function schemeColours(colorHex: string, scheme: 'light' | 'dark'): SchemeColours {
  const colour = parseHex(colorHex);
  const leaf = parseHex(palette[scheme].leaf);
  const paper = parseHex(palette[scheme].paper);
  const tint = mix(colour, leaf, tintShare[scheme]);
  const mark = mix(colour, leaf, markShare[scheme]);
  const ink = readableOn(colour, [paper, leaf, tint, mark]);
  return { tint: toHex(tint), mark: toHex(mark), ink: toHex(ink) };
}

/** To be set on an element of class `voiced`. */
export function voiceStyle(colorHex: string): CSSProperties {
  const light = schemeColours(colorHex, 'light');
  const dark = schemeColours(colorHex, 'dark');
  return {
    '--voice': colorHex,
    '--voice-on': toHex(textOn(parseHex(colorHex))),
    '--voice-tint-light': light.tint,
    '--voice-mark-light': light.mark,
    '--voice-ink-light': light.ink,
    '--voice-tint-dark': dark.tint,
    '--voice-mark-dark': dark.mark,
    '--voice-ink-dark': dark.ink,
  } as CSSProperties;
}
