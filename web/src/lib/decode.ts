// JSON from the wire -> the types of api_types.ts. A missing field becomes its empty value, so that a page built today can read a
// server of tomorrow.

import type {
  Character,
  Conversation,
  ConversationList,
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
import type { ServerEvent } from './sse';

type Fields = Record<string, unknown>;

function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {};
}

function text(value: unknown, fallback = ''): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : fallback;
}

function number(value: unknown, fallback = 0): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback;
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];
}

function list<T>(value: unknown, decode: (item: unknown) => T): T[] {
  return Array.isArray(value) ? value.map(decode) : [];
}

/** One of `known`, whose first is what anything else is taken for. */
function oneOf<T extends string>(value: unknown, known: readonly [T, ...T[]]): T {
  return known.find((name) => name === value) ?? known[0];
}

const unknownColour = '#8A7F6D';

export function decodeCharacter(value: unknown): Character {
  const row = fields(value);
  const id = text(row.char_id);
  const colour = text(row.color_hex);
  return {
    char_id: id,
    display_name: text(row.display_name) || id || 'The narrator',
    color_hex: /^#[0-9a-f]{6}$/i.test(colour) ? colour.toUpperCase() : unknownColour,
    tone: text(row.tone),
    blurb: text(row.blurb),
    greeting: text(row.greeting),
    world: text(row.world),
    world_title: text(row.world_title) || text(row.world),
    aliases: texts(row.aliases),
    questions: texts(row.questions),
  };
}

export function decodePage(value: unknown): Page {
  const row = fields(value);
  return {
    id: text(row.id),
    world: text(row.world),
    label: text(row.label),
    title: text(row.title),
    chapter: text(row.chapter),
    text: text(row.text),
  };
}

function decodeSource(value: unknown): Source {
  const row = fields(value);
  return {
    n: number(row.n),
    page_id: text(row.page_id),
    label: text(row.label),
    title: text(row.title),
    chapter: text(row.chapter),
    quote: text(row.quote),
    start: number(row.start),
    end: number(row.end),
    score: number(row.score),
  };
}

function decodeQuote(value: unknown): Quote {
  const row = fields(value);
  return {
    n: number(row.n),
    page_id: text(row.page_id),
    label: text(row.label),
    title: text(row.title),
    start: number(row.start),
    end: number(row.end),
    text: text(row.text),
    verified: row.verified === true,
    origin: oneOf(row.origin, ['model', 'opening', 'epigraph']),
    reply_start: number(row.reply_start, -1),
    reply_end: number(row.reply_end, -1),
  };
}

function decodeReceipt(value: unknown): Receipt {
  const row = fields(value);
  return {
    held: number(row.held),
    charged: number(row.charged),
    released: number(row.released),
    balance: number(row.balance),
    // Shown as it stands; a rule that the page does not know is shown too.
    rule: text(row.rule) as Receipt['rule'],
  };
}

function decodeDone(value: unknown): TurnDone {
  const row = fields(value);
  return {
    turn_id: text(row.turn_id),
    finish_reason: oneOf(row.finish_reason, ['stop', 'length', 'stopped_by_reader', 'error']),
    provider: text(row.provider),
    model: text(row.model),
    fallback_used: row.fallback_used === true,
    first_token_ms: number(row.first_token_ms),
    total_ms: number(row.total_ms),
  };
}

function decodeFailed(value: unknown): TurnFailed {
  const row = fields(value);
  return {
    code: text(row.code) as TurnFailed['code'],
    message: text(row.message) || 'The answer broke off.',
    retryable: row.retryable === true,
    released: row.released === true,
  };
}

export function decodeTurnCreated(value: unknown): TurnCreated {
  const row = fields(value);
  return {
    turn_id: text(row.turn_id),
    conversation_id: text(row.conversation_id),
    parent_id: text(row.parent_id),
    events_url: text(row.events_url),
    hold: number(row.hold),
  };
}

/** The turns of GET /v1/conversations/{id}. */
export function decodeTurnRecords(value: unknown): TurnRecord[] {
  return list(fields(value).turns, decodeTurnRecord);
}

function decodeTurnRecord(value: unknown): TurnRecord {
  const row = fields(value);
  return {
    turn_id: text(row.turn_id),
    conversation_id: text(row.conversation_id),
    parent_id: text(row.parent_id),
    world: text(row.world),
    character_id: text(row.character_id),
    question: text(row.question),
    reply: text(row.reply),
    status: oneOf(row.status, ['complete', 'running', 'stopped', 'failed', 'interrupted']),
    finish_reason: oneOf(row.finish_reason, ['', 'stop', 'length', 'stopped_by_reader', 'error']),
    error: row.error ? decodeTurnError(row.error) : null,
    sources: list(row.sources, decodeSource),
    quotes: list(row.quotes, decodeQuote),
    context: { included: texts(fields(row.context).included), cut: texts(fields(row.context).cut) },
    receipt: row.receipt ? decodeReceipt(row.receipt) : null,
    provider: text(row.provider),
    model: text(row.model),
    fallback_used: row.fallback_used === true,
    first_token_ms: number(row.first_token_ms),
    total_ms: number(row.total_ms),
    created: text(row.created),
  };
}

function decodeTurnError(value: unknown): TurnRecord['error'] {
  const row = fields(value);
  return { code: text(row.code) as TurnFailed['code'], message: text(row.message) };
}

export function decodeConversationList(value: unknown): ConversationList {
  const body = fields(value);
  return { conversations: list(body.conversations, decodeConversation), next: text(body.next) || null };
}

function decodeConversation(value: unknown): Conversation {
  const row = fields(value);
  return {
    conversation_id: text(row.conversation_id),
    world: text(row.world),
    character_id: text(row.character_id),
    title: text(row.title),
    turns: number(row.turns),
    updated: text(row.updated),
  };
}

export function decodeSignedIn(value: unknown): SignedIn {
  const row = fields(value);
  return {
    auth: oneOf(row.auth, ['off', 'on']),
    user_id: text(row.user_id) || null,
    admin: row.admin === true,
    expires: text(row.expires) || null,
  };
}

export function decodeBalance(value: unknown): number {
  const row = fields(value);
  return row.known === false ? number(row.opening_grant) : number(row.balance);
}

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
      return { type: 'sources', sources: list(body, decodeSource) };
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
