// All that the page knows of its conversations, and how it changes. Pure.

import type { Outcome, TurnCreated, TurnRecord } from '../../lib/api_types';
import { applySent, isRunning, isUnsent, turnOfRecord, type Turn } from './turn';
import { pathThrough, type Choices, type Placed } from './turn_tree';

export type Load = { state: 'loading' } | { state: 'ready' } | { state: 'failed'; message: string };

export interface ChatState {
  /** Of all conversations that were looked at, each in the order in which they began. */
  turns: readonly Turn[];
  /** Which conversation is shown with each character; none, or "", is one that has not begun. */
  open: Readonly<Record<string, string>>;
  /** By conversation. */
  choices: Readonly<Record<string, Choices>>;
  /** By conversation; one that is not there was not asked for. */
  loads: Readonly<Record<string, Load>>;
  /** Credits, as the server last told. */
  balance?: number;
  /** Grows when the list of conversations may have changed. */
  listed: number;
}

export const emptyState: ChatState = { turns: [], open: {}, choices: {}, loads: {}, listed: 0 };

export function openConversation(state: ChatState, charId: string): string {
  return state.open[charId] ?? '';
}

/** The turns of a conversation; of one that has not begun, the questions to this character. */
function turnsOf(state: ChatState, charId: string, conversationId: string): Turn[] {
  return state.turns.filter(
    (turn) => turn.conversation_id === conversationId && (conversationId !== '' || turn.char_id === charId),
  );
}

/** Replaces the turn of that key, or adds it at the end. */
export function withTurn(state: ChatState, turn: Turn): ChatState {
  const known = state.turns.some((other) => other.key === turn.key);
  const turns = known ? state.turns.map((other) => (other.key === turn.key ? turn : other)) : [...state.turns, turn];
  return { ...state, turns };
}

export function withoutTurn(state: ChatState, key: string): ChatState {
  return { ...state, turns: state.turns.filter((turn) => turn.key !== key) };
}

/** A new question is put: where it will stand, none of the turns that stand there is chosen any more. */
export function withQuestion(state: ChatState, turn: Turn): ChatState {
  const own = without(state.choices[turn.conversation_id] ?? {}, turn.parent_id);
  return withTurn({ ...state, choices: { ...state.choices, [turn.conversation_id]: own } }, turn);
}

/** What came of sending the turn of that key. */
export function sent(state: ChatState, key: string, outcome: Outcome<TurnCreated>, now: number): ChatState {
  const asked = state.turns.find((turn) => turn.key === key);
  if (!asked) return state;
  const turn = applySent(asked, outcome, now);
  const next = withTurn(state, turn);
  if (outcome.kind !== 'ok') return { ...next, ...refusedBalance(outcome) };
  return begun(next, asked, turn);
}

function refusedBalance(outcome: Outcome<unknown>): { balance?: number } {
  if (outcome.kind !== 'refused' || outcome.refusal.kind !== 'credits') return {};
  return { balance: outcome.refusal.available };
}

/** The server took `asked`, now `turn`. */
function begun(state: ChatState, asked: Turn, turn: Turn): ChatState {
  const { conversation_id } = turn;
  const began = asked.conversation_id === '' && state.loads[conversation_id] === undefined;
  const waitedWith = (other: Turn) => isUnsent(other) && other.conversation_id === '' && other.char_id === turn.char_id;
  const turns = state.turns
    // The same turn under another key: asked twice with one Idempotency-Key.
    .filter((other) => other.key === turn.key || other.turn_id !== turn.turn_id)
    // Questions that were refused before the conversation began stay in it.
    .map((other) => (began && waitedWith(other) ? { ...other, conversation_id } : other));
  const shown = openConversation(state, turn.char_id) === asked.conversation_id;
  // The server has put it elsewhere than the reader was looking.
  const moved = turn.parent_id !== asked.parent_id;
  return {
    ...state,
    turns,
    choices: moved ? without(state.choices, conversation_id) : state.choices,
    open: shown ? { ...state.open, [turn.char_id]: conversation_id } : state.open,
    loads: began ? { ...state.loads, [conversation_id]: { state: 'ready' } } : state.loads,
    listed: state.listed + 1,
  };
}

/** The server's record of a conversation. What the page follows, or has not sent yet, it knows better. */
export function loaded(state: ChatState, conversationId: string, records: readonly TurnRecord[]): ChatState {
  const known = new Map(state.turns.map((turn) => [turn.turn_id, turn]));
  const turns = records.map((record) => {
    const own = known.get(record.turn_id);
    if (own && isRunning(own)) return { ...own, parent_id: record.parent_id };
    return { ...turnOfRecord(record), key: own?.key ?? record.turn_id };
  });
  const ids = new Set(turns.map((turn) => turn.turn_id));
  const others = state.turns.filter((turn) => !ids.has(turn.turn_id));
  const ready = { ...state.loads, [conversationId]: { state: 'ready' } as const };
  // In front of the rest, where questions that wait to be sent stand.
  return { ...state, turns: [...turns, ...others], loads: ready };
}

export function loadFailed(state: ChatState, conversationId: string, message: string): ChatState {
  return { ...state, loads: { ...state.loads, [conversationId]: { state: 'failed', message } } };
}

/** The conversation is not there any more. Questions in it that were not taken go to one that has not begun. */
export function forgotten(state: ChatState, conversationId: string): ChatState {
  const turns = state.turns
    .filter((turn) => turn.conversation_id !== conversationId || (isUnsent(turn) && turn.again_of === ''))
    .map((turn) => (turn.conversation_id === conversationId ? asFirst(turn) : turn));
  return {
    ...state,
    turns,
    open: Object.fromEntries(Object.entries(state.open).filter(([, id]) => id !== conversationId)),
    choices: without(state.choices, conversationId),
    loads: without(state.loads, conversationId),
    listed: state.listed + 1,
  };
}

function without<T>(entries: Readonly<Record<string, T>>, name: string): Record<string, T> {
  return Object.fromEntries(Object.entries(entries).filter(([key]) => key !== name));
}

/** A question without the conversation that it was meant for. It was not taken, so it may go out anew. */
function asFirst(turn: Turn): Turn {
  return { ...turn, conversation_id: '', parent_id: '', edit_of: '', status: turn.status === 'unreachable' ? 'refused' : turn.status };
}

/** What is shown of a conversation. */
export interface ConversationView {
  id: string;
  path: Placed[];
  /** Questions that the server has not taken: after the path. */
  unsent: Turn[];
  /** The one whose reply is arriving. */
  running: Turn | undefined;
  load: Load;
}

export function viewOf(state: ChatState, charId: string): ConversationView {
  const id = openConversation(state, charId);
  const turns = turnsOf(state, charId, id);
  const path = pathThrough(turns, state.choices[id] ?? {});
  const end = path.at(-1)?.turn;
  return {
    id,
    path,
    unsent: turns.filter((turn) => isUnsent(turn) && turn !== end),
    running: turns.find(isRunning),
    load: id === '' ? { state: 'ready' } : (state.loads[id] ?? { state: 'loading' }),
  };
}

export function unsentTurns(state: ChatState): Turn[] {
  return state.turns.filter(isUnsent);
}
