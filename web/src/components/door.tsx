// Every character has a door: an arch whose inside is drawn from the character's id, the same at each visit.

import type { ReactElement } from 'react';

function seed(id: string): number {
  let hash = 2166136261; // FNV-1a
  for (const char of id) hash = Math.imul(hash ^ char.codePointAt(0)!, 16777619) >>> 0;
  return hash;
}

/** An arch with its foot on the line y = 46, `inset` inside the door's frame. */
function archPath(inset: number): string {
  const radius = 15 - inset;
  const left = 5 + inset;
  return `M${left} 46V${20 + inset * 0.25}a${radius} ${radius} 0 0 1 ${2 * radius} 0V46`;
}

const ornaments: ReactElement[] = [
  <circle key="moon" cx="20" cy="22" r="3.2" fill="currentColor" />,
  <path key="stair" d="M12 46v-4h4v-4h4v-4h4v-4h4" />,
  <path key="tower" d="M16.5 46V24l3.5-6 3.5 6v22M16.5 32h7" />,
  <path key="eye" d="M12 27q8-8 16 0q-8 8-16 0zM20 25.5v3" />,
  <path key="key" d="M20 27v13M20 36h4M20 40h3M20 27a4 4 0 1 1 .01 0" />,
  <path key="leaf" d="M20 42V22M20 30q-6-1-6-7q6 1 6 7M20 35q6-1 6-7q-6 1-6 7" />,
  <path key="star" d="M20 19v14M13 26h14M15 21l10 10M25 21L15 31" />,
  <path key="wave" d="M11 30q4.5-5 9 0t9 0M11 36q4.5-5 9 0t9 0" />,
  <path key="plumb" d="M20 12v18M20 30l-3.5 5 3.5 5 3.5-5z" />,
  <path key="bars" d="M15 46V20M20 46V16M25 46V20" />,
  <path key="spiral" d="M20 28a2 2 0 1 1 2 2a4 4 0 1 1 3.5-4a7 7 0 1 1-7-5" />,
];
/** The narrator's is an open book. */
const openBook = <path d="M20 25q-4-3-9-2v14q5-1 9 2q4-3 9-2V23q-5-1-9 2zv14" />;

export function Door({ id, className }: { id: string; className?: string }): ReactElement {
  const ornament = id === '' ? openBook : ornaments[seed(id) % ornaments.length]!;
  return (
    <svg className={className} viewBox="0 0 40 48" aria-hidden="true" focusable="false">
      <g fill="none" stroke="currentColor" strokeWidth="1.4" strokeLinecap="round" strokeLinejoin="round">
        <path d={archPath(0)} strokeWidth="2" />
        <path d={archPath(3)} opacity="0.55" />
        <path d="M2 46.5h36" strokeWidth="2" />
        {ornament}
      </g>
    </svg>
  );
}

/** Doors within doors, each turned a little against the last: the picture of an empty conversation. */
export function DoorWithinDoors({ className }: { className?: string }): ReactElement {
  const depth = 9;
  const doors = Array.from({ length: depth }, (_, i) => {
    const scale = 0.79 ** i;
    // Towards a vanishing point above the threshold and to its right.
    const place = `translate(${20 + 4 * (1 - scale)} ${46 - 13 * (1 - scale)}) rotate(${1.3 * i}) scale(${scale})`;
    const last = i === depth - 1;
    return (
      <path
        key={i}
        d={`${archPath(0)}z`}
        transform={`${place} translate(-20 -46)`}
        fill={last ? 'var(--leaf)' : `color-mix(in srgb, var(--voice) ${i * 11}%, var(--voice-tint))`}
        stroke={last ? 'var(--voice-ink)' : 'var(--voice)'}
        strokeWidth={0.75 / scale ** 0.6}
      />
    );
  });
  return (
    <svg className={className} viewBox="0 0 40 48" aria-hidden="true" focusable="false">
      {doors}
      <path d="M0 46.5h40" stroke="var(--rule-strong)" strokeWidth="0.5" />
    </svg>
  );
}
