import { describe, expect, it } from 'vitest';
import { decodeCharacter } from '../lib/decode';
import { characterFromHash, hashFor } from './location_hash';

const cast = [
  decodeCharacter({ char_id: '' }),
  decodeCharacter({ char_id: 'arieol', aliases: ['arieol-owlist'] }),
  decodeCharacter({ char_id: 'é & ü' }),
];

describe('the hash', () => {
  it('comes back to the same character', () => {
    for (const character of cast) expect(characterFromHash(hashFor(character.char_id), cast)).toBe(character);
  });

  it.each([
    ['#arieol', 'arieol'], ['#char=arieol-owlist', 'arieol'], ['', undefined], ['#', undefined], ['#char=', ''],
    ['#char=nobody', undefined], ['#%', undefined],
  ])('%s', (hash, id) => {
    expect(characterFromHash(hash, cast)?.char_id).toBe(id);
  });
});
