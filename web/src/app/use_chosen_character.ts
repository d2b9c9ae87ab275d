import { useCallback, useEffect, useState } from 'react';
import type { Character } from '../lib/api_types';
import { longStore } from '../lib/storage';
import { characterFromHash, findCharacter, hashFor } from './location_hash';

const key = 'gibsey.character';

/** The address comes first, then the last visit's choice, then the first character who is not the narrator. */
function firstChoice(characters: readonly Character[]): Character {
  const remembered = longStore.get(key);
  return (
    characterFromHash(window.location.hash, characters) ??
    (remembered === null ? undefined : findCharacter(remembered, characters)) ??
    characters.find((character) => character.char_id !== '') ??
    characters[0]!
  );
}

/** `characters` must not be empty. */
export function useChosenCharacter(characters: readonly Character[]): [Character, (character: Character) => void] {
  const [chosen, setChosen] = useState(() => firstChoice(characters));

  const choose = useCallback((character: Character) => {
    setChosen(character);
    longStore.set(key, character.char_id);
    window.history.replaceState(null, '', hashFor(character.char_id));
  }, []);

  useEffect(() => {
    const onHashChange = () => {
      const named = characterFromHash(window.location.hash, characters);
      if (named) choose(named);
    };
    choose(firstChoice(characters));
    window.addEventListener('hashchange', onHashChange);
    return () => window.removeEventListener('hashchange', onHashChange);
  }, [characters, choose]);
  return [chosen, choose];
}
