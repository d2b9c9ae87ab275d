// Who is meant by the ids in a turn or a conversation. Pure.

import type { Character } from '../lib/api_types';
import { decodeCharacter } from '../lib/decode';

/** The one of the cast, of this world where two worlds have one of that name. One who has left the cast keeps the name. */
export function speakerIn(cast: readonly Character[], charId: string, world: string): Character {
  const named = cast.filter((character) => character.char_id === charId);
  // The narrator stands in the cast once, and speaks in every world.
  return named.find((character) => character.world === world) ?? named[0] ?? decodeCharacter({ char_id: charId, world });
}
