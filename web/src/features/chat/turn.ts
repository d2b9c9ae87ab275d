// One question and its reply as the page keeps it, and how the events of the stream change it. Pure.

import type { AskOutcome, Done, Ledger, Quote, Refusal, Source, TurnError, TurnEvent } from '../../lib/api_types';

export type TurnStatus =
  | 'waiting' // asked, nothing came yet
  | 'streaming'
  | 'done'
  | 'stopped' // by the reader
  | 'broken' // the line was lost, or the page was closed
  | 'failed' // the server said `error`
  | 'refused' // nothing was charged
  | 'unreachable';

export interface Turn {
  /** The page's own name for it; the server's is turn_id. */
  key: string;
  char_id: string;
  question: string;
  asked_at: number;
  idempotency_key: string;
  status: TurnStatus;
  reply: string;
  sources: Source[];
  quotes: Quote[];
  turn_id?: string;
  ledger?: Ledger;
  done?: Done;
  error?: TurnError;
  refusal?: Refusal;
  /** Milliseconds since the epoch: from then on a busy server may be asked again. */
  again_at?: number;
}

export function newTurn(question: string, charId: string, key: string, idempotencyKey: string, now: number): Turn {
  return {
    key,
    char_id: charId,
    question,
    asked_at: now,
    idempotency_key: idempotencyKey,
    status: 'waiting',
    reply: '',
    sources: [],
    quotes: [],
  };
}

export function isRunning(turn: Turn): boolean {
  return turn.status === 'waiting' || turn.status === 'streaming';
}

export function applyEvents(turn: Turn, events: readonly TurnEvent[]): Turn {
  return events.reduce(applyEvent, turn);
}

function applyEvent(turn: Turn, event: TurnEvent): Turn {
  switch (event.type) {
    case 'turn':
      return { ...turn, turn_id: event.turn_id };
    case 'sources':
      return { ...turn, sources: event.sources };
    case 'token':
      return { ...turn, status: 'streaming', reply: turn.reply + event.text };
    case 'quote':
      return { ...turn, quotes: [...turn.quotes, event.quote] };
    case 'ledger':
      return { ...turn, ledger: event.ledger };
    case 'done':
      return { ...turn, status: 'done', done: event.done };
    case 'error':
      return { ...turn, status: 'failed', error: event.error };
  }
}

export function applyOutcome(turn: Turn, outcome: AskOutcome, now: number): Turn {
  switch (outcome.kind) {
    case 'ended':
      return turn;
    case 'stopped':
    case 'broken':
    case 'unreachable':
      return { ...turn, status: outcome.kind };
    case 'refused': {
      const { refusal } = outcome;
      const refused: Turn = { ...turn, status: 'refused', refusal };
      return refusal.kind === 'busy' ? { ...refused, again_at: now + refusal.retry_after_s * 1000 } : refused;
    }
  }
}

/** A turn read back after the page was closed: what still ran then is broken off now. */
export function restored(turn: Turn): Turn {
  return isRunning(turn) ? { ...turn, status: 'broken' } : turn;
}

/**
 * The same key must go out again where the server may have taken the question already (it then answers with
 * the same turn and charges once), and a new one where it refused it or gave the credits back.
 */
export function keepsIdempotencyKey(turn: Turn): boolean {
  return turn.status === 'unreachable' || turn.status === 'broken';
}

/** Adds a turn's new state; an earlier turn that the server names the same is a broken-off copy of it and goes. */
export function withTurn(turns: readonly Turn[], turn: Turn): Turn[] {
  const others = turns.filter(
    (other) => other.key === turn.key || turn.turn_id === undefined || other.turn_id !== turn.turn_id,
  );
  const known = others.some((other) => other.key === turn.key);
  return known ? others.map((other) => (other.key === turn.key ? turn : other)) : [...others, turn];
}
