// What goes over the wire, as far as the page reads it; the server's table of it all is api_schema.ts.

import type * as schema from './api_schema';

export type Source = schema.Source;
export type Quote = schema.Quote;
export type Receipt = schema.Receipt;
export type TurnDone = schema.TurnDone;
export type TurnFailed = schema.TurnFailed;
export type SignedIn = schema.SignedIn;
export type TurnCreated = schema.TurnCreated;

export type Character = Pick<
  schema.Character,
  'char_id' | 'display_name' | 'color_hex' | 'tone' | 'blurb' | 'greeting' | 'world' | 'world_title' | 'aliases'
> & {
  /** Questions to begin with; none known where empty. */
  questions: string[];
};

export type Page = Pick<schema.Page, 'id' | 'world' | 'label' | 'title' | 'chapter' | 'text'>;

/** What the book says about some of its pages; never the book itself. */
export type Note = Pick<schema.Note, 'id' | 'version' | 'kind' | 'sentences' | 'reverted_to' | 'created'>;
export type NoteSentence = schema.NoteSentence;
export type NoteCitation = schema.NoteCitation;
export type NoteVersion = Pick<schema.NoteVersion, 'version' | 'kind' | 'reverted_to' | 'created'>;

/** A question as it goes out. The same key with another body would be refused, so a repetition sends this very one. */
export type TurnRequest = Required<Pick<schema.CreateTurnRequest, 'user_id' | 'text' | 'character_id'>> &
  Pick<schema.CreateTurnRequest, 'world' | 'conversation_id' | 'parent_id' | 'page_id'>;

export type TurnRecord = Pick<
  schema.Turn,
  | 'turn_id' | 'conversation_id' | 'parent_id' | 'world' | 'character_id' | 'question' | 'reply' | 'status' | 'finish_reason'
  | 'error' | 'sources' | 'quotes' | 'context' | 'receipt' | 'provider' | 'model' | 'fallback_used' | 'first_token_ms'
  | 'total_ms' | 'created'
>;

export type Conversation = Pick<
  schema.Conversation,
  'conversation_id' | 'world' | 'character_id' | 'title' | 'turns' | 'updated'
>;

export interface ConversationList {
  /** Newest first. */
  conversations: Conversation[];
  /** Where the next part begins; null at the end. */
  next: string | null;
}

/** One event of the stream of a turn. */
export type TurnEvent =
  | { type: 'turn'; hold: number }
  | { type: 'sources'; sources: Source[] }
  | { type: 'context'; cut: string[] }
  | { type: 'token'; text: string }
  | { type: 'quote'; quote: Quote }
  /** Everything written so far is void. */
  | { type: 'replace' }
  | { type: 'ledger'; receipt: Receipt }
  | { type: 'done'; done: TurnDone }
  | { type: 'error'; error: TurnFailed };

/** Why a request was not taken: nothing was charged. */
export type Refusal =
  | { kind: 'credits'; needed: number; available: number }
  | { kind: 'busy'; retry_after_s: number; detail: string }
  | { kind: 'problem'; status: number; title: string; detail: string };

/** What came of a request: the answer, a refusal, or no answer at all. */
export type Outcome<T> = { kind: 'ok'; answer: T } | { kind: 'refused'; refusal: Refusal } | { kind: 'unreachable' };
