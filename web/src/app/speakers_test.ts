import { expect, it } from 'vitest';
import { decodeCharacter } from '../lib/decode';
import { speakerIn } from './speakers';

const cast = [
  decodeCharacter({ char_id: 'todd', world: 'one' }),
  decodeCharacter({ char_id: 'todd', world: 'two' }),
  decodeCharacter({ char_id: '', world: 'one' }),
];

it('finds the one of that world, the narrator in every world, and names who has left', () => {
  expect(speakerIn(cast, 'todd', 'two')).toBe(cast[1]);
  expect(speakerIn(cast, 'todd', 'three')).toBe(cast[0]);
  expect(speakerIn(cast, '', 'two')).toBe(cast[2]);
  expect(speakerIn(cast, 'gone', 'one')).toMatchObject({ char_id: 'gone', display_name: 'gone', world: 'one' });
});
