import { expect, it } from 'vitest';
import { stopCost } from './stop_cost';
import { newTurn } from './turn';

const asked = newTurn({
  key: 'k', now: 0, idempotency_key: 'i', user_id: 'u', character: { char_id: 'a', world: 'w' }, question: '?',
  conversation_id: '', parent_id: '', page_id: '',
});
const taken = { ...asked, turn_id: 't1', hold: 5 };

it.each([
  [taken, 'Stopping before the first word costs nothing.'],
  [{ ...taken, reply: 'Be' }, 'Stopping keeps what has come, and costs the full 5 credits.'],
  [{ ...taken, reply: 'Be', hold: 1 }, 'Stopping keeps what has come, and costs the full 1 credit.'],
  [{ ...taken, reply: 'Be', hold: 0 }, 'Stopping keeps what has come.'],
  [{ ...taken, stopping: 'asked' } as const, 'Stopping…'],
  [
    { ...taken, stopping: 'unheard' } as const,
    'The server did not hear the wish to stop; try again. Stopping before the first word costs nothing.',
  ],
])('says what stopping costs', (turn, text) => {
  expect(stopCost(turn)).toBe(text);
});
