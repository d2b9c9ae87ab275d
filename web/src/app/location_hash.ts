// The chosen character in the address (#char=arieol), so that a link to it can be passed on. Pure.

import type { Character } from '../lib/api_types';

export function hashFor(charId: string): string {
  return `#${new URLSearchParams({ char: charId }).toString()}`;
}

/** The character that the address names, by id or alias; `#arieol` typed by hand does too. */
export function characterFromHash(hash: string, characters: readonly Character[]): Character | undefined {
  const body = hash.replace(/^#/, '');
  if (body === '') return undefined;
  const named = new URLSearchParams(body).get('char') ?? decode(body);
  return findCharacter(named, characters);
}

export function findCharacter(id: string, characters: readonly Character[]): Character | undefined {
  return (
    characters.find((character) => character.char_id === id) ??
    characters.find((character) => character.aliases.includes(id))
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
