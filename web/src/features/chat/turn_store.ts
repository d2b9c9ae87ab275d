// The conversation of this tab, one entry a turn: a spoilt entry never takes the others with it.

import { tabStore } from '../../lib/storage';
import { restored, type Turn } from './turn';

const prefix = 'gibsey.turn.';

export function loadTurns(): Turn[] {
  return tabStore
    .keys()
    .filter((key) => key.startsWith(prefix))
    .map((key) => readTurn(tabStore.get(key)))
    .filter((turn) => turn !== undefined)
    .sort((a, b) => a.asked_at - b.asked_at);
}

function readTurn(text: string | null): Turn | undefined {
  try {
    const turn = JSON.parse(text ?? '') as Partial<Turn>;
    const whole = typeof turn.key === 'string' && typeof turn.question === 'string' && typeof turn.reply === 'string';
    return whole && Array.isArray(turn.quotes) && Array.isArray(turn.sources) ? restored(turn as Turn) : undefined;
  } catch {
    return undefined;
  }
}

/** Writes what changed since `before`, and takes out what is gone. */
export function saveTurns(turns: readonly Turn[], before: readonly Turn[]): void {
  const known = new Set(before);
  for (const turn of turns) if (!known.has(turn)) tabStore.set(prefix + turn.key, JSON.stringify(turn));
  const kept = new Set(turns.map((turn) => turn.key));
  for (const turn of before) if (!kept.has(turn.key)) tabStore.remove(prefix + turn.key);
}
