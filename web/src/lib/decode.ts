// JSON from the wire -> the types of api_types.ts. A missing field becomes its empty value, so that a page built today can read a
// server of tomorrow.

import type {
  Character,
  Conversation,
  ConversationList,
  Note,
  NoteCitation,
  NoteSentence,
  NoteVersion,
  Page,
  Quote,
  Receipt,
  SignedIn,
  Source,
  TurnCreated,
  TurnDone,
  TurnEvent,
  TurnFailed,
  TurnRecord,
} from './api_types';
import { brass } from './palette';
import type { ServerEvent } from './sse';

type Decode<T> = (value: unknown) => T;
type Fields = Record<string, unknown>;

const fields: Decode<Fields> = (value) => (typeof value === 'object' && value !== null ? (value as Fields) : {});

const text: Decode<string> = (value) => {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : '';
};

const number = numberOr(0);

const flag: Decode<boolean> = (value) => value === true;

const texts: Decode<string[]> = (value) => (Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []);

/** An empty text is none. */
const textOrNull: Decode<string | null> = (value) => text(value) || null;

function numberOr(fallback: number): Decode<number> {
  return (value) => (typeof value === 'number' && Number.isFinite(value) ? value : fallback);
}

/** One of `known`, whose first is what anything else is taken for. */
function oneOf<T extends string>(...known: readonly [T, ...T[]]): Decode<T> {
  return (value) => known.find((name) => name === value) ?? known[0];
}

/** Any text: it is shown as it stands, also one that the page does not know. */
function anyOf<T extends string>(): Decode<T> {
  return (value) => text(value) as T;
}

function orNull<T>(decode: Decode<T>): Decode<T | null> {
  return (value) => (value ? decode(value) : null);
}

function list<T>(decode: Decode<T>): Decode<T[]> {
  return (value) => (Array.isArray(value) ? value.map((item) => decode(item)) : []);
}

/** An object of these fields, each decoded by its own; what is no object has none of them. */
function record<T>(parts: { [Name in keyof T]-?: Decode<T[Name]> }): Decode<T> {
  const decoders = Object.entries(parts) as [string, Decode<unknown>][];
  return (value) => {
    const row = fields(value);
    return Object.fromEntries(decoders.map(([name, decode]) => [name, decode(row[name])])) as T;
  };
}

const characterRow = record<Character>({
  char_id: text,
  display_name: text,
  color_hex: text,
  tone: text,
  blurb: text,
  greeting: text,
  world: text,
  world_title: text,
  aliases: texts,
  questions: texts,
});

export function decodeCharacter(value: unknown): Character {
  const row = characterRow(value);
  return {
    ...row,
    display_name: row.display_name || row.char_id || 'The narrator',
    color_hex: /^#[0-9a-f]{6}$/i.test(row.color_hex) ? row.color_hex.toUpperCase() : brass,
    world_title: row.world_title || row.world,
  };
}

export const decodePage = record<Page>({ id: text, world: text, label: text, title: text, chapter: text, text });

const numberOrNull: Decode<number | null> = (value) => number(value) || null;

const decodeCitation = record<NoteCitation>({ page_id: text, label: text, page_version: number });
const decodeSentence = record<NoteSentence>({ text, citations: list(decodeCitation) });
export const decodeNote = record<Note>({
  id: text,
  version: number,
  kind: oneOf('written', 'extract'),
  sentences: list(decodeSentence),
  reverted_to: numberOrNull,
  created: text,
});
export const decodeNotes = (value: unknown): Note[] => list(decodeNote)(fields(value).notes);
const decodeVersion = record<NoteVersion>({
  version: number,
  kind: oneOf('written', 'extract'),
  reverted_to: numberOrNull,
  created: text,
});
export const decodeVersions = (value: unknown): NoteVersion[] => list(decodeVersion)(fields(value).versions);

const decodeSource = record<Source>({
  n: number,
  page_id: text,
  label: text,
  title: text,
  chapter: text,
  quote: text,
  start: number,
  end: number,
  score: number,
  page_version: number,
});

const decodeQuote = record<Quote>({
  n: number,
  page_id: text,
  label: text,
  title: text,
  start: number,
  end: number,
  text,
  page_version: number,
  verified: flag,
  origin: oneOf('model', 'lock', 'opening', 'epigraph'),
  reply_start: numberOr(-1),
  reply_end: numberOr(-1),
});

const decodeReceipt = record<Receipt>({ held: number, charged: number, released: number, balance: number, rule: anyOf() });

const decodeDone = record<TurnDone>({
  turn_id: text,
  finish_reason: oneOf('stop', 'length', 'stopped_by_reader', 'error'),
  provider: text,
  model: text,
  fallback_used: flag,
  first_token_ms: number,
  total_ms: number,
});

const decodeFailed = record<TurnFailed>({
  code: anyOf(),
  message: (value) => text(value) || 'The answer broke off.',
  retryable: flag,
  released: flag,
});

export const decodeTurnCreated = record<TurnCreated>({
  turn_id: text,
  conversation_id: text,
  parent_id: text,
  events_url: text,
  hold: number,
});

const decodeTurnError = record<NonNullable<TurnRecord['error']>>({ code: anyOf(), message: text });

const decodeTurnRecord = record<TurnRecord>({
  turn_id: text,
  conversation_id: text,
  parent_id: text,
  world: text,
  character_id: text,
  question: text,
  reply: text,
  status: oneOf('complete', 'running', 'stopped', 'failed', 'interrupted'),
  finish_reason: oneOf('', 'stop', 'length', 'stopped_by_reader', 'error'),
  error: orNull(decodeTurnError),
  sources: list(decodeSource),
  quotes: list(decodeQuote),
  context: record({ included: texts, cut: texts }),
  receipt: orNull(decodeReceipt),
  provider: text,
  model: text,
  fallback_used: flag,
  first_token_ms: number,
  total_ms: number,
  created: text,
});

/** The turns of GET /v1/conversations/{id}. */
export function decodeTurnRecords(value: unknown): TurnRecord[] {
  return list(decodeTurnRecord)(fields(value).turns);
}

const decodeConversation = record<Conversation>({
  conversation_id: text,
  world: text,
  character_id: text,
  title: text,
  turns: number,
  updated: text,
});

export const decodeConversationList = record<ConversationList>({ conversations: list(decodeConversation), next: textOrNull });

export const decodeSignedIn = record<SignedIn>({ auth: oneOf('off', 'on'), user_id: textOrNull, admin: flag, expires: textOrNull });

export function decodeBalance(value: unknown): number {
  const row = fields(value);
  return number(row.known === false ? row.opening_grant : row.balance);
}

/** Of a refusal for want of credits. */
export const decodeShortfall = record<{ needed: number; available: number }>({ needed: number, available: number });

/** The event that the page understands, or undefined for one that it does not. */
export function decodeTurnEvent(event: ServerEvent): TurnEvent | undefined {
  if (event.type === 'token') return { type: 'token', text: event.data };
  let body: unknown;
  try {
    body = JSON.parse(event.data);
  } catch {
    return undefined;
  }
  switch (event.type) {
    case 'turn':
      return { type: 'turn', hold: number(fields(body).hold) };
    case 'sources':
      return { type: 'sources', sources: list(decodeSource)(body) };
    case 'context':
      return { type: 'context', cut: texts(fields(body).cut) };
    case 'quote':
      return { type: 'quote', quote: decodeQuote(body) };
    case 'replace':
      return { type: 'replace' };
    case 'ledger':
      return { type: 'ledger', receipt: decodeReceipt(body) };
    case 'done':
      return { type: 'done', done: decodeDone(body) };
    case 'error':
      return { type: 'error', error: decodeFailed(body) };
    default:
      return undefined;
  }
}
