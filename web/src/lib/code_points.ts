// The server counts code points, JavaScript UTF-16 units.

/** The index in UTF-16 units of each wanted code-point offset; offsets past the end give undefined. */
export function utf16Offsets(text: string, offsets: readonly number[]): (number | undefined)[] {
  const wanted = new Map<number, number>();
  const last = Math.max(-1, ...offsets);
  let unit = 0;
  for (let point = 0; point <= last && unit <= text.length; point++) {
    wanted.set(point, unit);
    const code = text.codePointAt(unit);
    unit += code !== undefined && code > 0xffff ? 2 : 1;
  }
  return offsets.map((offset) => wanted.get(offset));
}
