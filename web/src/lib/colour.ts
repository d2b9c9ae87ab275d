// A character brings any colour at all (#00FFFF, #FFFF33, #FFFFFF). It is shown raw where it is a border or a
// chip's ground, and mixed until it can be read (WCAG 2 contrast of 4.5) where it is text.

export interface Rgb {
  r: number;
  g: number;
  b: number;
}

const black: Rgb = { r: 0, g: 0, b: 0 };
const white: Rgb = { r: 255, g: 255, b: 255 };

export function parseHex(hex: string): Rgb {
  const value = Number.parseInt(hex.slice(1), 16);
  return { r: (value >> 16) & 255, g: (value >> 8) & 255, b: value & 255 };
}

export function toHex({ r, g, b }: Rgb): string {
  return '#' + [r, g, b].map((part) => Math.round(part).toString(16).padStart(2, '0')).join('');
}

/** `share` of `over` upon `ground`. */
export function mix(over: Rgb, ground: Rgb, share: number): Rgb {
  const part = (a: number, b: number) => Math.round(a * share + b * (1 - share));
  return { r: part(over.r, ground.r), g: part(over.g, ground.g), b: part(over.b, ground.b) };
}

/** Relative luminance, WCAG 2.2. */
function luminance({ r, g, b }: Rgb): number {
  const linear = (part: number) => {
    const c = part / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  };
  return 0.2126 * linear(r) + 0.7152 * linear(g) + 0.0722 * linear(b);
}

export function contrast(a: Rgb, b: Rgb): number {
  const [light, dark] = [luminance(a), luminance(b)].sort((x, y) => y - x) as [number, number];
  return (light + 0.05) / (dark + 0.05);
}

/** Black or white, whichever reads better; the worse case still has 4.58. */
export function textOn(ground: Rgb): Rgb {
  return contrast(black, ground) >= contrast(white, ground) ? black : white;
}

/** The colour itself if it reads on all grounds, else mixed with black or white until it does. */
export function readableOn(colour: Rgb, grounds: readonly Rgb[], least = 4.5): Rgb {
  const towards = textOn(grounds[0] ?? white);
  for (let share = 0; share < 1; share += 0.04) {
    const tried = mix(towards, colour, share);
    if (grounds.every((ground) => contrast(tried, ground) >= least)) return tried;
  }
  return towards;
}
