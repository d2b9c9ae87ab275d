// What goes over the wire, field by field as the server names it. Domain types are elsewhere.

export interface Character {
  /** "" is the narrator. */
  char_id: string;
  display_name: string;
  /** #RRGGBB */
  color_hex: string;
  tone: string;
  blurb: string;
  greeting: string;
  world: string;
  world_title: string;
  aliases: string[];
  /** Questions to begin with; none known where empty. */
  questions: string[];
}

export interface Source {
  n: number;
  page_id: string;
  label: string;
  title: string;
  chapter: string;
  quote: string;
  /** Code points of the page's text, end excluded. */
  start: number;
  end: number;
  score: number;
}

export interface Quote {
  n: number;
  page_id: string;
  label: string;
  title: string;
  /** Code points of the page's text, end excluded. */
  start: number;
  end: number;
  /** The page's own words. */
  text: string;
  verified: boolean;
  origin: 'model' | 'opening' | 'epigraph';
  /** Code points of the reply so far put together, quotation marks included, end excluded. */
  reply_start: number;
  reply_end: number;
}

export interface Ledger {
  held: number;
  charged: number;
  released: number;
  balance: number;
  /** Which rule of charging was applied. */
  rule: string;
}

export interface Done {
  turn_id: string;
  finish_reason: string;
  provider: string;
  model: string;
  fallback_used: boolean;
  first_token_ms: number;
  total_ms: number;
}

export interface TurnError {
  code: string;
  message: string;
  retryable: boolean;
  /** Credits given back. */
  released: number;
}

export interface Page {
  id: string;
  world: string;
  label: string;
  title: string;
  chapter: string;
  text: string;
}

export interface AskRequest {
  user_id: string;
  char_id: string;
  text: string;
}

/** One event of the stream of a turn. */
export type TurnEvent =
  | { type: 'token'; text: string }
  | { type: 'turn'; turn_id: string }
  | { type: 'sources'; sources: Source[] }
  | { type: 'quote'; quote: Quote }
  | { type: 'ledger'; ledger: Ledger }
  | { type: 'done'; done: Done }
  | { type: 'error'; error: TurnError };

/** Why a question was not taken: nothing was charged. */
export type Refusal =
  | { kind: 'credits'; needed: number; available: number }
  | { kind: 'busy'; retry_after_s: number; detail: string }
  | { kind: 'problem'; status: number; title: string; detail: string };

/** How the stream of a turn came to its end. */
export type AskOutcome =
  | { kind: 'ended' }
  | { kind: 'refused'; refusal: Refusal }
  /** No answer at all. */
  | { kind: 'unreachable' }
  /** The stream broke off before `done` or `error`. */
  | { kind: 'broken' }
  /** The reader stopped it. */
  | { kind: 'stopped' };
