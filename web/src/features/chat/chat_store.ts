// What the browser keeps for a reload: which conversation is open with each character, and the questions that the server has not
// taken. All else is the server's.

import { scoped, type TextStore } from '../../lib/storage';
import type { Turn } from './turn';

const openKey = 'gibsey.open';

export interface ChatStore {
  loadOpen(): Record<string, string>;
  saveOpen(open: Readonly<Record<string, string>>): void;
  loadUnsent(): Turn[];
  /** Writes what changed since `before`, and takes out what is gone. */
  saveUnsent(turns: readonly Turn[], before: readonly Turn[]): void;
}

/** `tab` outlives a reload; `long` is what a new tab begins with. */
export function makeChatStore(tab: TextStore, long: TextStore): ChatStore {
  const unsent = scoped(tab, 'gibsey.unsent.');
  return {
    loadOpen: () => readOpen(tab.get(openKey) ?? long.get(openKey)),
    saveOpen(open) {
      for (const store of [tab, long]) store.set(openKey, JSON.stringify(open));
    },
    loadUnsent() {
      const turns = unsent.keys().map((key) => readTurn(unsent.get(key))).filter((turn) => turn !== undefined);
      return turns.sort((a, b) => a.asked_at - b.asked_at);
    },
    saveUnsent(turns, before) {
      const known = new Set(before);
      for (const turn of turns) if (!known.has(turn)) unsent.set(turn.key, JSON.stringify(turn));
      const kept = new Set(turns.map((turn) => turn.key));
      for (const turn of before) if (!kept.has(turn.key)) unsent.remove(turn.key);
    },
  };
}

function readOpen(text: string | null): Record<string, string> {
  const entries = Object.entries((parse(text) ?? {}) as Record<string, unknown>);
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => typeof entry[1] === 'string'));
}

/** A spoilt entry is left out and never takes the others with it. */
function readTurn(text: string | null): Turn | undefined {
  const turn = parse(text) as Partial<Turn> | undefined;
  const texts = [turn?.key, turn?.question, turn?.conversation_id, turn?.char_id, turn?.idempotency_key];
  const whole = texts.every((field) => typeof field === 'string') && Array.isArray(turn?.quotes) && turn.turn_id === '';
  return whole ? (turn as Turn) : undefined;
}

function parse(text: string | null): unknown {
  try {
    const value: unknown = JSON.parse(text ?? '');
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}
