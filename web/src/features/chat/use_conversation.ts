import { useCallback, useEffect, useRef, useState } from 'react';
import { ask } from '../../lib/api';
import { randomId, readerId } from '../../lib/storage';
import { applyEvents, applyOutcome, isRunning, keepsIdempotencyKey, newTurn, withTurn, type Turn } from './turn';
import { loadTurns, saveTurns } from './turn_store';

const saveEveryMs = 400;

export interface Conversation {
  /** All turns of this tab, with every character, oldest first. */
  turns: Turn[];
  ask: (charId: string, question: string) => void;
  /** Asks a turn's question again; a turn without any reply is replaced. */
  askAgain: (turn: Turn, charId?: string) => void;
  stop: (turn: Turn) => void;
  remove: (turn: Turn) => void;
}

export function useConversation(): Conversation {
  const [turns, setTurns] = useState<Turn[]>(loadTurns);
  const running = useRef(new Map<string, AbortController>());
  useSaved(turns);

  const begin = useCallback((turn: Turn) => {
    const controller = new AbortController();
    running.current.set(turn.key, controller);
    let current = turn;
    const show = (next: Turn) => {
      current = next;
      setTurns((all) => withTurn(all, next));
    };
    show(turn);
    void ask(
      { user_id: readerId(), char_id: turn.char_id, text: turn.question },
      {
        signal: controller.signal,
        idempotencyKey: turn.idempotency_key,
        onEvents: (events) => show(applyEvents(current, events)),
      },
    ).then((outcome) => {
      running.current.delete(turn.key);
      show(applyOutcome(current, outcome, Date.now()));
    });
  }, []);

  const remove = useCallback((turn: Turn) => setTurns((all) => all.filter(({ key }) => key !== turn.key)), []);
  const askNew = useCallback(
    (charId: string, question: string) => begin(newTurn(question, charId, randomId(), randomId(), Date.now())),
    [begin],
  );
  const askAgain = useCallback(
    (turn: Turn, charId = turn.char_id) => {
      const sameQuestion = charId === turn.char_id && keepsIdempotencyKey(turn);
      const idempotencyKey = sameQuestion ? turn.idempotency_key : randomId();
      if (turn.reply === '') remove(turn);
      begin(newTurn(turn.question, charId, randomId(), idempotencyKey, Date.now()));
    },
    [begin, remove],
  );
  const stop = useCallback((turn: Turn) => running.current.get(turn.key)?.abort(), []);
  return { turns, ask: askNew, askAgain, stop, remove };
}

/** Keeps the turns in the tab's store: at once when none runs, a few times a second while one does. */
function useSaved(turns: Turn[]): void {
  const saved = useRef(turns);
  const latest = useRef(turns);
  latest.current = turns;
  const save = useCallback(() => {
    saveTurns(latest.current, saved.current);
    saved.current = latest.current;
  }, []);

  const anyRunning = turns.some(isRunning);
  useEffect(() => {
    if (!anyRunning) save();
  }, [turns, anyRunning, save]);
  useEffect(() => {
    if (!anyRunning) return undefined;
    const timer = setInterval(save, saveEveryMs);
    return () => clearInterval(timer);
  }, [anyRunning, save]);
  useEffect(() => {
    window.addEventListener('pagehide', save);
    return () => window.removeEventListener('pagehide', save);
  }, [save]);
}
