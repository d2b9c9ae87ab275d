// One question and its reply as the page keeps it, and how the server's answers change it. Pure.

import type {
  Character,
  Outcome,
  Quote,
  Receipt,
  Refusal,
  Source,
  TurnCreated,
  TurnDone,
  TurnEvent,
  TurnFailed,
  TurnRecord,
  TurnRequest,
} from '../../lib/api_types';
import type { Line } from '../../lib/follow_turn';

export type TurnStatus =
  | 'waiting' // no word yet
  | 'streaming'
  | 'done'
  | 'stopped' // by the reader
  | 'failed' // the server said `error`
  | 'interrupted' // the server itself stopped
  | 'lost' // the server does not know the turn any more
  | 'refused' // nothing was charged
  | 'unreachable'; // no answer: the server may have taken the question

export interface Turn {
  /** The page's own name for it, which stays; the server's is turn_id. */
  key: string;
  /** Empty until the server has taken the question. */
  turn_id: string;
  /** Empty: the question that begins a conversation, before the server has taken it. */
  conversation_id: string;
  /** The turn before it; empty is the first. Until the server has said so, the one that it was put after. */
  parent_id: string;
  /** The turn whose question is answered once more, or empty. */
  again_of: string;
  /** The turn whose question is put otherwise, in its place, or empty. */
  edit_of: string;
  /** "" is the narrator. */
  char_id: string;
  world: string;
  question: string;
  asked_at: number;
  idempotency_key: string;
  /** What went out; for a question that is answered once more there is none. */
  request?: TurnRequest;
  status: TurnStatus;
  reply: string;
  /** How often the reply was begun anew. */
  restarts: number;
  sources: Source[];
  quotes: Quote[];
  /** What found no room in the prompt. */
  cut: string[];
  /** Credits set aside. */
  hold: number;
  receipt?: Receipt;
  done?: TurnDone;
  error?: TurnFailed;
  refusal?: Refusal;
  /** Milliseconds since the epoch: from then on a busy server may be asked again. */
  again_at?: number;
  /** The reader's wish to stop: on its way, or not heard. */
  stopping?: 'asked' | 'unheard';
  /** To the server, while the reply is followed. */
  line: Line;
}

export interface NewTurn {
  key: string;
  idempotency_key: string;
  now: number;
  user_id: string;
  character: Pick<Character, 'char_id' | 'world'>;
  question: string;
  conversation_id: string;
  /** The turn of the conversation that it follows, empty for none; undefined: its newest, which the page may not know. */
  parent_id: string | undefined;
  edit_of?: string;
  /** The page that the reader has open, or empty. */
  page_id: string;
}

export function newTurn(asked: NewTurn): Turn {
  const { character, question, conversation_id } = asked;
  return {
    ...blank(asked.key, character.char_id, character.world, question, asked.now),
    conversation_id,
    parent_id: asked.parent_id ?? '',
    edit_of: asked.edit_of ?? '',
    idempotency_key: asked.idempotency_key,
    request: {
      user_id: asked.user_id,
      character_id: character.char_id,
      text: question,
      ...(character.world === '' ? {} : { world: character.world }),
      ...(conversation_id === '' ? {} : { conversation_id }),
      ...(conversation_id === '' || asked.parent_id === undefined ? {} : { parent_id: asked.parent_id }),
      ...(asked.page_id === '' ? {} : { page_id: asked.page_id }),
    },
  };
}

/** The question of `turn` asked once more: a sibling of it. `turn` has a turn_id. */
export function siblingOf(turn: Turn, key: string, idempotencyKey: string, now: number): Turn {
  return {
    ...blank(key, turn.char_id, turn.world, turn.question, now),
    conversation_id: turn.conversation_id,
    parent_id: turn.parent_id,
    again_of: turn.turn_id,
    idempotency_key: idempotencyKey,
  };
}

function blank(key: string, charId: string, world: string, question: string, now: number): Turn {
  return {
    key,
    turn_id: '',
    conversation_id: '',
    parent_id: '',
    again_of: '',
    edit_of: '',
    char_id: charId,
    world,
    question,
    asked_at: now,
    idempotency_key: '',
    status: 'waiting',
    reply: '',
    restarts: 0,
    sources: [],
    quotes: [],
    cut: [],
    hold: 0,
    line: 'open',
  };
}

export function isRunning(turn: Turn): boolean {
  return turn.status === 'waiting' || turn.status === 'streaming';
}

/** The server has not taken it, as far as the page knows. */
export function isUnsent(turn: Turn): boolean {
  return turn.turn_id === '';
}

/** It takes the place of another turn: one asked again, or put otherwise. */
export function standsIn(turn: Turn): boolean {
  return turn.again_of !== '' || turn.edit_of !== '';
}

export function applyEvents(turn: Turn, events: readonly TurnEvent[]): Turn {
  return events.reduce(applyEvent, turn);
}

function applyEvent(turn: Turn, event: TurnEvent): Turn {
  switch (event.type) {
    case 'turn':
      return { ...turn, hold: event.hold };
    case 'sources':
      return { ...turn, sources: event.sources };
    case 'context':
      return { ...turn, cut: event.cut };
    case 'token':
      return { ...turn, status: 'streaming', reply: turn.reply + event.text };
    case 'quote':
      return { ...turn, quotes: [...turn.quotes, event.quote] };
    case 'replace':
      return { ...turn, reply: '', quotes: [], restarts: turn.restarts + 1 };
    case 'ledger':
      return { ...turn, receipt: event.receipt };
    case 'done':
      return { ...turn, status: event.done.finish_reason === 'stopped_by_reader' ? 'stopped' : 'done', done: event.done };
    case 'error':
      return { ...turn, status: event.error.code === 'interrupted' ? 'interrupted' : 'failed', error: event.error };
  }
}

/** What came of sending it. */
export function applySent(turn: Turn, outcome: Outcome<TurnCreated>, now: number): Turn {
  if (outcome.kind === 'unreachable') return { ...turn, status: 'unreachable' };
  if (outcome.kind === 'refused') {
    const { refusal } = outcome;
    const refused: Turn = { ...turn, status: 'refused', refusal };
    return refusal.kind === 'busy' ? { ...refused, again_at: now + refusal.retry_after_s * 1000 } : refused;
  }
  const { turn_id, conversation_id, parent_id, hold } = outcome.answer;
  return { ...turn, turn_id, conversation_id, parent_id, hold };
}

/** Before its stream is read from the start. */
export function rewound(turn: Turn): Turn {
  return { ...turn, status: 'waiting', reply: '', sources: [], quotes: [], cut: [] };
}

const statusOf = {
  running: 'waiting',
  complete: 'done',
  stopped: 'stopped',
  failed: 'failed',
  interrupted: 'interrupted',
} as const;

/** A turn as the server keeps it. */
export function turnOfRecord(record: TurnRecord): Turn {
  const asked = Date.parse(record.created);
  const turn: Turn = {
    ...blank(record.turn_id, record.character_id, record.world, record.question, Number.isNaN(asked) ? 0 : asked),
    turn_id: record.turn_id,
    conversation_id: record.conversation_id,
    parent_id: record.parent_id,
    status: statusOf[record.status],
    reply: record.reply,
    sources: record.sources,
    quotes: record.quotes,
    cut: record.context.cut,
    hold: record.receipt?.held ?? 0,
  };
  if (record.receipt) turn.receipt = record.receipt;
  if (record.status === 'complete' || record.status === 'stopped') turn.done = doneOf(record);
  if (record.status === 'failed' || record.status === 'interrupted') turn.error = failureOf(record);
  return turn;
}

function doneOf(record: TurnRecord): TurnDone {
  const { turn_id, provider, model, fallback_used, first_token_ms, total_ms } = record;
  const stopped = record.status === 'stopped' ? 'stopped_by_reader' : 'stop';
  return { turn_id, finish_reason: record.finish_reason || stopped, provider, model, fallback_used, first_token_ms, total_ms };
}

/** As its error event said it. */
function failureOf(record: TurnRecord): TurnFailed {
  const code = record.error?.code ?? (record.status === 'interrupted' ? 'interrupted' : 'internal');
  return {
    code,
    message: record.error?.message || 'The answer broke off.',
    retryable: code !== 'too_large',
    released: record.receipt === null || record.receipt.charged === 0,
  };
}

/**
 * The same key must go out again where the server may have taken the question already (it then answers with
 * the same turn and charges once), and a new one where it refused it.
 */
export function keepsIdempotencyKey(turn: Turn): boolean {
  if (turn.status === 'waiting' || turn.status === 'unreachable') return true;
  // A gateway's 502 or 504 does not say whether the server behind it has heard.
  return turn.status === 'refused' && turn.refusal?.kind === 'problem' && turn.refusal.status >= 500;
}
