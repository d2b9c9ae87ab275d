// Generated from openapi.json by tools/openapi_types.py; change the table, not this file. What goes over the wire, as the server names it.

/** 128 random bits as 32 lower-case hexadecimal digits. */
export type Id = string;

/** A reader: 1 to 128 printable characters. */
export type UserId = string;

/** Id or name of a world, character, page or conversation: at most 200 printable characters. */
export type Name = string;

/** Random, or as the client chose it; sessions have one of their own. */
export type ConversationId = string;

/** A question: 1 to 8,000 characters, not blank; line breaks and tabs may stand in it, other control characters may not. */
export type QuestionText = string;

/** UTC, ISO 8601 with milliseconds. */
export type Time = string;

/** UTC, ISO 8601 with microseconds. */
export type SessionTime = string;

/** #RRGGBB. */
export type Color = string;

/** 1 to 1,000,000,000. */
export type Credits = number;

/** How much of the creator's manner the answer takes on; absent or null is 0. */
export type PersonalityWeight = number | null;

/** Which search answered; none: nothing was found, or the world has no book. */
export type RetrievalMethod = 'hybrid' | 'text' | 'vector' | 'none';

/** Why the reply ended. */
export type FinishReason = 'stop' | 'length' | 'stopped_by_reader' | 'error';

/** stopped: by the reader; interrupted: the program stopped. */
export type TurnStatus = 'running' | 'complete' | 'stopped' | 'failed' | 'interrupted';

/** model: the model wrote it and it was found on the page; opening: put in front of the reply; epigraph: added after a reply that quoted nothing. */
export type QuoteOrigin = 'model' | 'lock' | 'opening' | 'epigraph';

/** The rule of charging that was applied. */
export type ChargeRule =
  | 'complete: charged in full'
  | 'stopped by the reader after the first token: charged in full'
  | 'stopped before the first token: released in full'
  | 'failed: released in full'
  | 'interrupted: released in full'
  | 'free of charge';

/** Of a line of the ledger: 32 hexadecimal digits, or what another ledger (LEDGER_URL) calls it. */
export type EntryId = string;

/** RFC 9457: the title is the status' own; what is wrong stands in detail. */
export type ProblemType = 'about:blank';

/** The status in words. */
export type ProblemTitle =
  | 'Bad Request'
  | 'Unauthorized'
  | 'Forbidden'
  | 'Not Found'
  | 'Method Not Allowed'
  | 'Request Timeout'
  | 'Conflict'
  | 'Content Too Large'
  | 'URI Too Long'
  | 'Expectation Failed'
  | 'Unprocessable Content'
  | 'Upgrade Required'
  | 'Too Many Requests'
  | 'Request Header Fields Too Large'
  | 'Internal Server Error'
  | 'Not Implemented'
  | 'Service Unavailable'
  | 'Gateway Timeout'
  | 'HTTP Version Not Supported';

/** RFC 9457, as application/problem+json. */
export interface Problem {
  type: ProblemType;
  title: ProblemTitle;
  /** The HTTP status. */
  status: number;
  /** One plain sentence that says what to do. */
  detail: string;
  /** The field, parameter or header of the request that is wrong. */
  field?: string;
}

/** The whole body of a 402: these two fields and no other. */
export interface InsufficientCredits {
  /** What the question costs. */
  needed: number;
  /** What the reader has. */
  available: number;
}

/** What went wrong with a turn. unavailable: the model or a part that is needed cannot be reached or failed; deadline: the time allowed has passed; too_large: persona and question do not fit the model; interrupted: the program stopped while the reply was written. */
export type TurnErrorCode =
  | 'invalid_argument'
  | 'not_found'
  | 'conflict'
  | 'forbidden'
  | 'too_large'
  | 'busy'
  | 'deadline'
  | 'cancelled'
  | 'unavailable'
  | 'corrupt'
  | 'internal'
  | 'interrupted';

/** Error codes of the socket /ws/chat. */
export type PersonaErrorCode =
  | 'invalid_json'
  | 'invalid_message'
  | 'forbidden'
  | 'not_found'
  | 'busy'
  | 'insufficient_credits'
  | 'unavailable'
  | 'generation_failed';

/** Error codes of the sockets /ws/{session_id}. */
export type SessionErrorCode =
  | 'INVALID_JSON'
  | 'INVALID_MESSAGE'
  | 'UNKNOWN_MESSAGE_TYPE'
  | 'NOT_FOUND'
  | 'LLM_ERROR'
  | 'INSUFFICIENT_CREDITS'
  | 'busy';

/** A line of the book that was offered to the model. */
export interface Source {
  /** Numbered once, from 1, on the server. */
  n: number;
  page_id: string;
  /** The page's number as printed. */
  label: string;
  title: string;
  chapter: string;
  /** A line of the page, word for word. */
  quote: string;
  /** Code points of the page's text. */
  start: number;
  /** Excluded. */
  end: number;
  /** Comparable within one list only. */
  score: number;
  /** Of the page that has it; 0 where that is not known. */
  page_version?: number;
}

/** A quotation in a reply that stands in the book. */
export interface Quote {
  /** The source it came from; 0 when it was found elsewhere in the book. */
  n: number;
  page_id: string;
  label: string;
  title: string;
  /** Code points of the page's text. */
  start: number;
  /** Excluded. */
  end: number;
  /** The page's own words: page.text[start:end]. */
  text: string;
  origin: QuoteOrigin;
  verified: boolean;
  /** Code points of the reply, quotation marks included. */
  reply_start: number;
  /** Excluded. */
  reply_end: number;
  /** Of the page that it stands on, which GET /pages/{id}?version= shows when the page has changed since; 0 where that is not known. */
  page_version?: number;
}

/** What a turn cost and by which rule. */
export interface Receipt {
  held: number;
  charged: number;
  released: number;
  /** What the reader has now; 0 on the dialects that know no credits. */
  balance: number;
  rule: ChargeRule;
}

/** As the provider counted. */
export interface TokenUsage {
  prompt_tokens: number;
  completion_tokens: number;
}

/** What went into the prompt and what was left out, in words. */
export interface TurnContext {
  included: string[];
  cut: string[];
}

export interface TurnStarted {
  turn_id: Id;
  conversation_id: ConversationId;
  /** Credits set aside. */
  hold: number;
}

/** Everything written so far is void; the text starts again from nothing. */
export interface TextReplaced {
  reason: string;
}

export interface TurnDone {
  turn_id: Id;
  finish_reason: FinishReason;
  provider: string;
  model: string;
  fallback_used: boolean;
  first_token_ms: number;
  total_ms: number;
}

export interface TurnFailed {
  code: TurnErrorCode;
  message: string;
  /** Whether asking again may help. */
  retryable: boolean;
  /** Whether the credits were given back. */
  released: boolean;
}

/** VADER 3.3.2: compound to four places, the others to three. */
export interface Sentiment {
  compound: number;
  positive: number;
  negative: number;
  neutral: number;
}

/** One generation of a turn, as the model was asked for it; a provider may have settings of its own. */
export interface ModelCall {
  provider: string;
  model: string;
  messages: ({
    role: 'system' | 'user' | 'assistant';
    text: string;
  })[];
  /** What the reply was made to begin with. */
  opening: string;
  /** Before any of these the reply ends. */
  stop: string[];
  max_tokens: number;
  sampling: {
    temperature: number;
    top_p: number;
    min_p: number;
    repeat_penalty: number;
  };
  usage: TokenUsage;
  /** The provider did not count. */
  usage_estimated: boolean;
  /** A finish reason, or the code of an error. */
  outcome: string;
  ms: number;
}

/** How the reply was made. */
export interface TurnTrace {
  /** Which API asked. */
  dialect: 'turns' | 'ask' | 'persona' | 'cited' | 'session' | 'facade';
  /** Which search answered; empty before it has. */
  retrieval: '' | 'hybrid' | 'text' | 'vector' | 'none';
  temperature: number;
  top_p: number;
  /** Milliseconds of each part of the turn, by its name. */
  phases_ms: {
    [name: string]: number;
  };
  /** What the models were sent and what came of it, one after the other; empty unless the server runs with --debug. */
  calls: ModelCall[];
  personality_weight: number;
  /** Of the question, where the tone follows it. */
  sentiment: Sentiment | null;
}

/** Why a turn failed or was interrupted. */
export interface TurnError {
  code: TurnErrorCode;
  message: string;
}

/** The durable record of a question and its reply. */
export interface Turn {
  turn_id: Id;
  conversation_id: ConversationId;
  /** The turn before it in the conversation; empty is the first. */
  parent_id: string;
  user_id: UserId;
  world: Name;
  /** Empty is the narrator. */
  character_id: string;
  question: QuestionText;
  /** While it runs: what is written so far. */
  reply: string;
  status: TurnStatus;
  /** Empty while it runs. */
  finish_reason: '' | 'stop' | 'length' | 'stopped_by_reader' | 'error';
  error: TurnError | null;
  sources: Source[];
  quotes: Quote[];
  /** Quotation marks taken off because no page holds the words. */
  false_quotes: number;
  context: TurnContext;
  usage: TokenUsage;
  /** Null while it runs. */
  receipt: Receipt | null;
  provider: string;
  model: string;
  fallback_used: boolean;
  first_token_ms: number;
  total_ms: number;
  trace: TurnTrace;
  created: Time;
  updated: Time;
}

export interface TurnCreated {
  turn_id: Id;
  conversation_id: ConversationId;
  /** The turn before it in the conversation; empty is the first. */
  parent_id: string;
  /** Where the turn is followed; with a signed token where auth is on, so that an EventSource can. */
  events_url: string;
  /** Credits set aside. */
  hold: number;
}

export interface TurnStopped {
  turn_id: Id;
  /** ended: it was over before, and stays as it is. */
  status: 'stopping' | 'ended';
}

/** A conversation as a list shows it. */
export interface Conversation {
  conversation_id: ConversationId;
  user_id: UserId;
  world: Name;
  /** Of its last turn; empty is the narrator. */
  character_id: string;
  /** Its first question. */
  title: string;
  last_turn_id: Id;
  /** How many. */
  turns: number;
  created: Time;
  updated: Time;
}

export interface ConversationWithTurns {
  conversation_id: ConversationId;
  user_id: UserId;
  world: Name;
  /** Of its last turn; empty is the narrator. */
  character_id: string;
  /** Its first question. */
  title: string;
  last_turn_id: Id;
  /** In the order in which they began; siblings answer the same question again. */
  turns: Turn[];
  created: Time;
  updated: Time;
}

export interface ConversationList {
  /** Newest first. */
  conversations: Conversation[];
  /** The value of `after` for the next part; null at the end. */
  next: string | null;
}

/** user_id is required where auth is off, else it is the one who is signed in. */
export interface CreateTurnRequest {
  user_id?: UserId;
  text: QuestionText;
  world?: Name;
  /** Id or alias; null or empty is the narrator. */
  character_id?: string | null;
  conversation_id?: Name;
  /** The turn of that conversation to follow instead of its newest, empty for none: a question in other words is a branch. 422 for any other. */
  parent_id?: string | null;
  page_id?: Name;
  personality_weight?: PersonalityWeight;
  /** Must be the one that answers here; for clients that insist. */
  provider?: string;
  /** As provider. */
  model?: string;
  max_tokens?: number | null;
}

/** user_id is required where auth is off, else it is the one who is signed in. */
export interface AskRequest {
  user_id?: UserId;
  /** Id or alias; null or empty is the narrator. */
  char_id?: string | null;
  text: QuestionText;
  world?: Name;
  conversation_id?: Name;
  /** The page the reader has open. */
  page_id?: string;
  max_tokens?: number | null;
}

/** With the field names of both sources. */
export interface Character {
  /** Empty is the narrator. */
  char_id: string;
  display_name: string;
  color_hex: Color;
  /** The persona. */
  system_prompt: string;
  /** "reflective, mystical" where none is set. */
  tone: string;
  /** One line for a list. */
  blurb: string;
  greeting: string;
  aliases: string[];
  world: Name;
  world_title: string;
  /** The same as char_id. */
  character_id: string;
  /** Who made it; empty for one that came with its world. */
  user_id: string;
  /** The same as display_name. */
  name: string;
  /** The same as system_prompt. */
  persona_prompt: string;
  voice_id: string | null;
  appearance_seed: string | null;
  created_at: Time;
  updated_at: Time;
}

/** An array alone where `raw` is asked for. Columns of `pages`: id, world, label, title, chapter, voice, text, source, page_order, version, content_hash, updated; of `page_vectors`: page_id, passage, world, embedding_model, page_version, start_offset, end_offset, embedding; of `ledger`: user_id, credits; of `characters`: as GET /characters/{char_id}. */
export type StargateRows =
  | {
  count: number;
  pageState?: string;
  data: StargateColumns[];
  [name: string]: unknown;
} | StargateColumns[];

/** Columns and their values. */
export interface StargateColumns {
  [name: string]: unknown;
}

/** The columns alone where `raw` is asked for. */
export interface StargateColumnsData {
  data?: StargateColumns;
  [name: string]: unknown;
}

/** Columns and their values. */
export interface StargateRowRequest {
}

export interface StargateLogin {
  username: string;
  /** An API key of the user's, or the service token; anything where auth is off. */
  password: string;
}

export interface StargateKey {
  key: string;
  secret: string;
}

export interface StargateToken {
  authToken: string;
}

export interface StargateError {
  description: string;
  code?: number;
  grpcStatus?: string | null;
  internalTxId?: null;
}

export interface CharacterList {
  characters: Character[];
  total: number;
}

/** display_name or name must be there; user_id where auth is off. */
export interface CreateCharacterRequest {
  user_id?: UserId;
  /** A new one is made where it is absent. */
  char_id?: string;
  /** The same as char_id. */
  character_id?: string;
  display_name?: string;
  /** The same as display_name. */
  name?: string;
  system_prompt?: string;
  /** The same as system_prompt. */
  persona_prompt?: string;
  color_hex?: Color;
  tone?: string;
  blurb?: string;
  greeting?: string;
  voice_id?: string;
  appearance_seed?: string;
  /** The world it joins; the one without a book where none is named. */
  world?: string;
}

/** Fields that are absent stay as they are. */
export interface PutCharacterRequest {
  display_name?: string;
  /** The same as display_name. */
  name?: string;
  system_prompt?: string;
  /** The same as system_prompt. */
  persona_prompt?: string;
  color_hex?: Color;
  tone?: string;
  blurb?: string;
  greeting?: string;
  voice_id?: string;
  appearance_seed?: string;
  /** The world it joins; the one without a book where none is named. */
  world?: string;
}

export interface QuoteClaim {
  /** The words, without marks around them or with. */
  claim: string;
  /** Its book; the first world's where it is not named. */
  world?: string;
  /** The page to look at first. */
  page_id?: string;
}

/** Where it is not verbatim the place is that of the nearest line; nulls where nothing is near. */
export interface CheckedClaim {
  verbatim: boolean;
  world: string;
  page_id: string | null;
  label: string | null;
  /** Code points of the page's text. */
  start: number | null;
  /** Exclusive. */
  end: number | null;
  /** The page's own. */
  text: string | null;
}

/** user_id is required where auth is off. */
export interface DebitRequest {
  user_id?: UserId;
  cost: Credits;
}

export interface CreditRequest {
  user_id: UserId;
  amount: Credits;
  /** The entry, or the debit's key, that is given back. */
  ref?: string;
  /** Kept in the ledger. */
  reason?: string;
}

export interface LedgerChange {
  user_id: UserId;
  /** After the change. */
  balance: number;
  entry_id: EntryId;
}

export interface LedgerEntry {
  /** Ever growing. */
  number: number;
  id: EntryId;
  kind: 'grant' | 'hold' | 'settle' | 'release' | 'debit' | 'credit';
  /** Signed; the sum of a user's amounts is the balance. */
  amount: number;
  /** The hold, turn, key or entry that it belongs to. */
  ref: string;
  /** The rule applied, or why it was given. */
  reason: string;
  /** After this entry. */
  balance: number;
  created: Time;
}

export interface LedgerStatement {
  user_id: UserId;
  balance: number;
  /** Whether the user has an account yet. */
  known: boolean;
  /** What an unknown user's first question will bring; absent for a known one. */
  opening_grant?: number;
  /** Newest first. */
  entries: LedgerEntry[];
}

export interface SentimentRequest {
  /** Any text. */
  text: string;
}

/** user_id is required where auth is off. */
export interface RetrieveContextRequest {
  message: QuestionText;
  user_id?: UserId;
  character_id: string;
  max_facts?: number | null;
  max_snippets?: number | null;
}

export interface RecalledFact {
  fact: string;
}

export interface RetrievedContext {
  /** Both lists as a text for a prompt; empty when there is nothing. */
  context: string;
  /** Newest first. */
  relevant_facts: RecalledFact[];
  /** Of past talks that are close to the message, closest first. */
  conversation_snippets: string[];
}

/** Either fact, or fact_key and fact_value. user_id is required where auth is off. */
export interface AddFactRequest {
  user_id?: UserId;
  character_id: string;
  fact?: string;
  fact_key?: string;
  fact_value?: string;
}

/** Something a character knows about a reader. */
export interface Fact {
  fact_id: Id;
  user_id: UserId;
  character_id: string;
  fact: string;
  created_at: Time;
}

export interface FactList {
  /** Newest first. */
  facts: Fact[];
  total: number;
}

/** A durable change of a page. */
export interface PageChange {
  /** Inserted, updated, deleted. */
  op: 'i' | 'u' | 'd';
  world: Name;
  page_id: Name;
  /** That the page has since, or had last; 0: whoever wrote the row gave none. */
  version: number;
  /** The change's place in the store's order; 0 where the store has none. */
  seq: number;
  time: Time;
}

/** A turn that has ended, whatever its dialect. */
export interface ConversationTurn {
  user_id: string;
  /** Empty is the narrator. */
  character_id: string;
  user_message: string;
  ai_response: string;
  /** Seconds since 1970. */
  timestamp: number;
  turn_id: Id;
  conversation_id: ConversationId;
}

/** A question. Other fields are no error. */
export interface PersonaMessage {
  message: QuestionText;
  /** The character "default" is Sarah. */
  character_id?: string;
  /** Must be the one who is signed in where auth is on. */
  user_id?: string;
  /** Accepted and not used yet. */
  preferences?: Record<string, unknown>;
}

/** Ends the reply that runs; what waits is dropped. */
export interface PersonaStop {
  type: 'stop';
}

/** Answered by a pong. */
export interface PersonaPing {
  type: 'ping';
}

export interface PersonaStatus {
  type: 'status';
  /** generating_response comes again when a text starts anew: what was sent is void. */
  task: 'processing_message' | 'generating_response';
}

export interface PersonaToken {
  type: 'token';
  content: string;
}

/** The end of a reply; the sentiment is the question's. */
export interface PersonaComplete {
  type: 'complete';
  sentiment: Sentiment;
  turn_id: Id;
  conversation_id: ConversationId;
  finish_reason: FinishReason;
}

/** The socket lives on. */
export interface PersonaError {
  type: 'error';
  /** One plain sentence. */
  content: string;
  code: PersonaErrorCode;
}

export interface PersonaPong {
  type: 'pong';
}

export interface CitedChatRequest {
  query: QuestionText;
  /** Id, alias or name of a creator: only this one's pages are searched, and the answer takes on the manner. An unknown one changes nothing. */
  creator?: string;
  conversation_id?: Name;
  personality_weight?: PersonalityWeight;
  /** anonymous where auth is off and none is given. */
  user_id?: string;
  /** chrysopedia where it is loaded and none is named. */
  world?: string;
}

export interface CitedSource {
  /** What [N] in the text names. */
  number: number;
  title: string;
  slug: string;
  creator_name: string;
  /** The page's chapter. */
  topic_category: string;
  /** Of the page, word for word. */
  summary: string;
  section_anchor: string;
  section_heading: string;
  /** Empty: there are no videos here. */
  source_video_id: string;
  start_time: null;
  end_time: null;
  /** Empty. */
  video_filename: string;
  page_id: string;
}

export interface CitedDone {
  cascade_tier: RetrievalMethod;
  conversation_id: ConversationId;
  fallback_used: boolean;
}

export interface CitedError {
  /** With insufficient_credits what the question costs and what the reader has, else one of the source's two. */
  message: 'Search failed' | 'LLM generation failed' | string;
  code: TurnErrorCode | 'insufficient_credits';
  /** What went wrong, in a sentence. */
  detail: string;
}

export interface UsageRow {
  /** Ever growing. */
  number: number;
  user_id: string;
  client_ip: string;
  /** As the request named it. */
  creator_slug: string | null;
  query: string;
  prompt_tokens: number;
  completion_tokens: number;
  /** Characters / 4 where the provider counted nothing. */
  total_tokens: number;
  cascade_tier: RetrievalMethod;
  model: string;
  latency_ms: number;
  created: Time;
}

export interface UsageList {
  /** Newest first. */
  rows: UsageRow[];
  /** The value of `before` for the next part; null at the end. */
  next: number | null;
}

/** A question; the reply goes to all sockets of the session. */
export interface ChatRequestMessage {
  type: 'ai_chat_request';
  data: {
    prompt: QuestionText;
    character_id?: string;
    /** The page the reader has open. */
    current_page_id?: string;
    /** The same. */
    page_id?: string;
  };
}

/** Ends a reply; its last message has is_complete. */
export interface ChatStopMessage {
  type: 'ai_chat_stop';
  data: {
    response_id: Id;
  };
}

/** Answered by a pong. */
export interface PingMessage {
  type: 'ping';
  data?: {
    /** Anything; it comes back. */
    timestamp?: unknown;
  };
}

/** Answered by a vault_update. */
export interface PageNavigationMessage {
  type: 'page_navigation';
  data: {
    page_index: number;
  };
}

/** Answered by a prompt_selected. */
export interface PromptSelectionMessage {
  type: 'prompt_selection';
  data?: {
    /** Anything; it comes back. */
    prompt_id?: unknown;
  };
}

/** The first message. */
export interface ConnectionEstablishedMessage {
  type: 'connection_established';
  data: {
    session_id: string;
    timestamp: SessionTime;
  };
}

/** A piece of a reply; response_id is the turn's id. */
export interface ResponseStreamMessage {
  type: 'ai_response_stream';
  data: {
    response_id: Id;
    /** Empty in the last one. */
    token: string;
    is_complete: boolean;
    timestamp: SessionTime;
  };
}

/** Answers a ping. */
export interface PongMessage {
  type: 'pong';
  data: {
    /** The ping's, or the time where it had none. */
    timestamp: unknown;
  };
}

/** Answers a page_navigation. */
export interface VaultUpdateMessage {
  type: 'vault_update';
  data: {
    vault_data: {
      current_page_index: number;
      session_id: string;
    };
    timestamp: SessionTime;
  };
}

/** Answers a prompt_selection. */
export interface PromptSelectedMessage {
  type: 'prompt_selected';
  data: {
    /** The selection's, or null. */
    prompt_id: unknown;
    session_id: string;
    timestamp: SessionTime;
  };
}

/** A page has changed, and is searchable as it is now. Sent to every session. */
export interface PageUpdateMessage {
  type: 'page_update';
  data: {
    world: Name;
    page_id: string;
    /** That it has now; its last, where it was removed. */
    version: number;
    removed: boolean;
    timestamp: SessionTime;
  };
}

/** Sent to every session by POST /v1/cluster-events. */
export interface ClusterEventMessage {
  type: 'cluster_event';
  data: {
    event_type: string;
    /** As it was sent; an empty object where nothing was. */
    event_data: unknown;
    timestamp: SessionTime;
  };
}

/** The socket lives on. */
export interface SessionErrorMessage {
  type: 'error';
  data: {
    /** One plain sentence. */
    message: string;
    code: SessionErrorCode;
    timestamp: SessionTime;
  };
}

export interface SessionSummary {
  session_id: string;
  /** Null where auth is off. */
  user_id: string | null;
  sockets: number;
  /** Replies being streamed. */
  running: number;
  page_index: number;
  connected_at: Time;
  last_activity: Time;
}

export interface SessionList {
  sessions: SessionSummary[];
  /** Sockets of all sessions. */
  total_connections: number;
}

export interface ClusterEventRequest {
  event_type: string;
  /** Anything. */
  event_data?: unknown;
}

export interface ClusterEventSent {
  status: 'sent';
}

export interface Providers {
  providers: ({
    /** As LLM_PROVIDERS has it. */
    name: string;
    model: string;
    /** down: its last call or check failed; resting: it asked to be left alone; open: its circuit breaker is. */
    status: 'ready' | 'down' | 'resting' | 'open';
    /** A reply that starts now asks it first. */
    preferred: boolean;
    context_tokens: number;
    /** Why it was asked, how often: first, fallback, named, again. */
    choices: {
      [name: string]: number;
    };
    /** By error code. */
    failures: {
      [name: string]: number;
    };
    /** That it brought to their end. */
    replies: number;
    /** Moving mean; 0: none yet. */
    first_token_ms: number;
    /** In the open mode and for admins. */
    last_error?: string;
  })[];
}

/** A real short reply of the model, or what went wrong. */
export interface ModelTest {
  status: 'success' | 'error';
  available_providers: string[];
  provider: string;
  model: string;
  test_response: string | null;
  token_count: number;
  timings: {
    first_token_ms: number;
    total_ms: number;
  };
  /** Only where status is error. */
  error?: string;
}

export interface Page {
  /** Unique in its world; 42 and 042 are the same page. */
  id: string;
  world: Name;
  /** As printed. */
  label: string;
  title: string;
  chapter: string;
  /** Plain; offsets count its code points. */
  text: string;
  version: number;
  /** The character whose page it is; may be empty. */
  voice: string;
}

export interface NoteCitation {
  page_id: string;
  /** As printed. */
  label: string;
  page_version: number;
}

export interface NoteSentence {
  text: string;
  citations: NoteCitation[];
}

export interface Note {
  id: Name;
  world: Name;
  chapter: string;
  /** The character whose pages it is about; empty where there are several. */
  voice: string;
  version: number;
  kind: 'written' | 'extract';
  /** The sentences, each followed by its pages in square brackets. */
  text: string;
  sentences: NoteSentence[];
  /** The pages that it is about, in the book's order. */
  page_ids: string[];
  /** That wrote it; empty for an extract. */
  model: string;
  run_id: string | null;
  /** The version whose text was taken up again. */
  reverted_to: number | null;
  /** Its passages are gone, or other notes are about them. */
  retired: boolean;
  created: Time;
}

export interface NoteVersion {
  version: number;
  kind: 'written' | 'extract';
  words: number;
  run_id: string | null;
  reverted_to: number | null;
  created: Time;
}

export interface NoteWithVersions {
  id: Name;
  world: Name;
  chapter: string;
  /** The character whose pages it is about; empty where there are several. */
  voice: string;
  version: number;
  kind: 'written' | 'extract';
  /** The sentences, each followed by its pages in square brackets. */
  text: string;
  sentences: NoteSentence[];
  /** The pages that it is about, in the book's order. */
  page_ids: string[];
  /** That wrote it; empty for an extract. */
  model: string;
  run_id: string | null;
  /** The version whose text was taken up again. */
  reverted_to: number | null;
  /** Its passages are gone, or other notes are about them. */
  retired: boolean;
  created: Time;
  /** Oldest first. */
  versions: NoteVersion[];
}

export interface NoteList {
  notes: Note[];
  /** Give it as `after` for the next part; null at the end. */
  next: string | null;
}

export interface NoteDiff {
  id: Name;
  from: number;
  to: number;
  changes: SentenceChange[];
}

export interface SentenceChange {
  what: 'equal' | 'removed' | 'added';
  /** With its citations. */
  text: string;
}

export interface RevertNoteRequest {
  version: number;
}

export interface NightlyRunRequest {
  world?: Name;
  /** Notes whose passages have not changed too. */
  force?: boolean;
}

export interface NightlyRunStarted {
  run_id: Name;
  status: 'running';
}

export interface NightlyRunCounts {
  /** That the run looked at. */
  clusters: number;
  /** Notes in a model's words. */
  written: number;
  /** Notes of the book's own sentences. */
  extractive: number;
  /** Clusters whose passages are as they were. */
  unchanged: number;
  /** Notes without passages. */
  retired: number;
  /** Clusters that the next run will write. */
  left_over: number;
  /** Of the models'. */
  sentences_kept: number;
  /** Of the models': what does not hold against its pages. */
  sentences_dropped: number;
}

export interface NightlyRun {
  run_id: Name;
  status: 'running' | 'done' | 'failed';
  /** Null: all. */
  world: string | null;
  force: boolean;
  trigger: 'schedule' | 'request';
  /** Times that it was begun. */
  attempts: number;
  counts: NightlyRunCounts;
  error: string | null;
  started: Time;
  updated: Time;
  ended: Time | null;
}

export interface NightlyRunList {
  runs: NightlyRun[];
}

export interface NightlyState {
  /** As crontab has it; empty: only when it is asked for. */
  schedule: string;
  /** Empty: the machine's. */
  time_zone: string;
  next: Time | null;
  /** The run that is under way; empty: none. */
  running: string;
  last_done: Time | null;
  /** Why the last run failed; empty after one that was done. */
  last_error: string;
  retry_at: Time | null;
}

/** A moment in the order of all writes; not to be looked into. */
export type Cursor = string;

export interface Refreshed {
  cursor: Cursor;
}

/** `text`, or `source` in Markdown, must be there. */
export interface CreatePageRequest {
  /** Absent: the number behind all that the world ever had. */
  id?: string;
  world?: Name;
  /** Plain. */
  text?: string;
  /** Markdown; the text is made of it where there is none. */
  source?: string;
  title?: string;
  chapter?: string;
  /** Absent: the id without leading zeros. */
  label?: string;
  voice?: Name;
}

/** A new page needs `text`, or `source` in Markdown. */
export interface PutPageRequest {
  world?: Name;
  /** Plain. */
  text?: string;
  /** Markdown; the text is made of it where there is none. */
  source?: string;
  title?: string;
  chapter?: string;
  label?: string;
  voice?: Name;
  /** The version that the writer saw, 0 for none; 409 when it is another by now. */
  version?: number;
}

export interface PageWithNeighbours {
  /** Unique in its world; 42 and 042 are the same page. */
  id: string;
  world: Name;
  /** As printed. */
  label: string;
  title: string;
  chapter: string;
  /** Plain; offsets count its code points. */
  text: string;
  version: number;
  /** The character whose page it is; may be empty. */
  voice: string;
  /** The page after it. */
  next: string | null;
  /** The page before it. */
  previous: string | null;
}

export interface PageList {
  world: Name;
  /** In the book's order. */
  pages: Page[];
  /** The value of `after` for the next part; null at the end. */
  next: string | null;
}

/** A line of the book that fits the question. */
export interface Hit {
  /** Fewer than 40 words, word for word: page.text[start:end]. */
  quote: string;
  world: Name;
  page_id: string;
  label: string;
  title: string;
  chapter: string;
  /** Code points of the page's text. */
  start: number;
  /** Excluded. */
  end: number;
  words: number;
  /** 0 where another service (RAG_URL) found the line and does not tell. */
  page_version: number;
  /** Comparable within one answer only. */
  score: number;
  /** BM25 of the passage. */
  text_score: number;
  /** BM25 over adjacent pairs of words. */
  pair_score: number;
  /** Cosine. */
  vector_score: number;
}

/** An admin or a service may name another user. The body may be left out. */
export interface OpenSessionRequest {
  user_id?: UserId;
}

/** Who is asking. */
export interface SignedIn {
  auth: 'on' | 'off';
  user_id: string | null;
  admin: boolean;
  expires: Time | null;
}

/** The body may be left out. */
export interface SocketTokenRequest {
  /** For /ws/{session_id}; without it the token is for /ws/chat. */
  session_id?: string;
  user_id?: UserId;
}

export interface SocketToken {
  /** For ?token=. */
  token: string;
  /** What it opens. */
  resource: string;
  /** Seconds. */
  expires_in: number;
}

export interface DependencyStatus {
  status: 'healthy' | 'unhealthy';
  latency_ms: number;
  detail?: string;
}

/** The files from which a large book is searched; missing where the book is held in memory. */
export interface IndexFiles {
  bytes: number;
  /** Written or removed since they were made. */
  passages_since: number;
  /** New ones are being made beside them. */
  rebuilding: boolean;
}

export interface LoadedWorld {
  name: Name;
  title: string;
  pages: number;
  passages: number;
  /** Found by their words alone so far; all, where nothing is embedded. */
  passages_without_vector: number;
  index?: IndexFiles;
}

export interface Health {
  status: 'healthy' | 'degraded' | 'unhealthy';
  service: string;
  version: string;
  /** Seed 001's view: what is not configured is disconnected. */
  services: {
    ollama: 'connected' | 'disconnected';
    redis: 'connected' | 'disconnected';
    [name: string]: 'connected' | 'disconnected';
  };
  /** Other services that this one was told to use. */
  dependencies: {
    [name: string]: DependencyStatus;
  };
  database: {
    type: 'sqlite' | 'cassandra';
    status: 'connected' | 'disconnected';
  };
  websocket_connections: number;
  worlds: LoadedWorld[];
  model: {
    provider: string;
    model: string;
    /** Empty when text alone is searched. */
    embedding_model: string;
  };
  queue: {
    running: number;
    waiting: number;
  };
  /** The feed of changes, and how far this process's worker is behind it; null where no pages are served. */
  feed: {
    backend: 'log' | 'kafka';
    lag_events: number;
    lag_seconds: number;
  } | null;
  /** Plain sentences; any makes the status degraded. */
  problems: string[];
  timestamp: Time;
  nightly?: NightlyState;
}

export interface Live {
  status: 'live';
}

export interface Ready {
  status: 'ready';
}

/** What a reply of a facade carries beside the client's own fields. */
export interface FacadeTurn {
  turn_id: Id;
  conversation_id: ConversationId;
  sources: Source[];
  quotes: Quote[];
  receipt: Receipt | null;
}

/** Beside the error of a turn that failed after its stream had begun. */
export interface FailedFacadeTurn {
  turn_id: Id;
  receipt: Receipt | null;
}

/** As OpenAI's clients send it. Tools, images, sound, n over 1, answers in JSON and logprobs are refused with 400; other fields do not count. Without a user the asker is the one who is signed in, or anonymous. */
export interface ChatCompletionRequest {
  /** Who answers: arieol, entrance-way/arieol; gibsey is the narrator of the first world, entrance-way/narrator a world's. */
  model: string;
  /** What the client's system says joins the mandate; the last message is the question, those before it the history. */
  messages: ({
    role: 'system' | 'developer' | 'user' | 'assistant';
    /** A text, or a list of parts that are texts. */
    content: string | Record<string, unknown>[] | null;
  })[];
  stream?: boolean | null;
  stream_options?: {
    include_usage?: boolean;
  } | null;
  temperature?: number | null;
  top_p?: number | null;
  max_tokens?: number | null;
  max_completion_tokens?: number | null;
  /** The reply ends before any of these. */
  stop?: string | string[] | null;
  user?: UserId;
}

export interface ChatCompletion {
  id: string;
  object: 'chat.completion';
  created: number;
  model: string;
  choices: ({
    index: number;
    message: {
      role: 'assistant';
      content: string;
      refusal: null;
      gibsey: FacadeTurn;
    };
    logprobs: null;
    finish_reason: 'stop' | 'length';
  })[];
  usage: {
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: number;
  };
}

/** The data of each event; the last one with a choice has gibsey, then usage comes where it was asked for, then [DONE]. */
export interface ChatCompletionChunk {
  id: string;
  object: 'chat.completion.chunk';
  created: number;
  model: string;
  choices: ({
    index: number;
    delta: {
      role?: 'assistant';
      content?: string;
    };
    logprobs: null;
    finish_reason: 'stop' | 'length' | null;
  })[];
  usage?: {
    prompt_tokens: number;
    completion_tokens: number;
    total_tokens: number;
  } | null;
  gibsey?: FacadeTurn;
}

/** A refusal, or the last data of a stream whose turn failed. */
export interface OpenAiError {
  error: {
    message: string;
    type: 'invalid_request_error' | 'authentication_error' | 'insufficient_quota' | 'permission_error' | 'rate_limit_error' | 'server_error';
    param: string | null;
    code: string | null;
    gibsey?: InsufficientCredits | FailedFacadeTurn;
  };
}

/** A character as a model; the model of embeddings has no gibsey. */
export interface ModelEntry {
  id: string;
  object: 'model';
  created: number;
  owned_by: string;
  gibsey?: {
    world: Name;
    world_title: string;
    character_id: string;
    display_name: string;
  };
}

export interface ModelEntryList {
  object: 'list';
  data: ModelEntry[];
}

export interface AnthropicModel {
  type: 'model';
  id: string;
  display_name: string;
  created_at: Time;
  lifecycle: 'active';
}

export interface AnthropicModelList {
  data: AnthropicModel[];
  has_more: boolean;
  first_id: string | null;
  last_id: string | null;
}

export interface EmbeddingRequest {
  /** The embedder's own name; /health tells it. */
  model: string;
  input: string | string[];
  encoding_format?: 'float' | 'base64';
  /** None other than the model's. */
  dimensions?: number | null;
}

export interface EmbeddingList {
  object: 'list';
  data: ({
    object: 'embedding';
    index: number;
    embedding: number[] | string;
  })[];
  model: string;
  usage: {
    prompt_tokens: number;
    total_tokens: number;
  };
}

/** As OpenAI's clients send it. */
export interface OpenAiResponseRequest {
  /** Who answers: arieol, entrance-way/arieol; gibsey is the narrator of the first world, entrance-way/narrator a world's. */
  model: string;
  /** The question, or a list of messages of which the last one is it. */
  input: string | Record<string, unknown>[];
  instructions?: string | null;
  stream?: boolean | null;
  /** The response that this one follows in its conversation. */
  previous_response_id?: string | null;
  temperature?: number | null;
  top_p?: number | null;
  max_output_tokens?: number | null;
  user?: UserId;
}

export interface OpenAiResponseItem {
  id: string;
  type: 'message';
  status: 'in_progress' | 'completed' | 'incomplete';
  role: 'assistant';
  content: {
    type: 'output_text';
    text: string;
    annotations: unknown[];
    logprobs: unknown[];
  }[];
}

export interface OpenAiResponse {
  id: string;
  object: 'response';
  created_at: number;
  status: 'in_progress' | 'completed' | 'incomplete' | 'failed';
  error: {
    code: 'server_error';
    message: string;
  } | null;
  incomplete_details: {
    reason: 'max_output_tokens';
  } | null;
  instructions: string | null;
  max_output_tokens: number | null;
  metadata: Record<string, unknown>;
  model: string;
  output: OpenAiResponseItem[];
  parallel_tool_calls: boolean;
  previous_response_id: string | null;
  store: boolean;
  temperature: number;
  text: {
    format: {
      type: 'text';
    };
  };
  tool_choice: 'none';
  tools: unknown[];
  top_p: number;
  truncation: 'auto';
  usage: {
    input_tokens: number;
    input_tokens_details: {
      cached_tokens: number;
      cache_write_tokens: number;
    };
    output_tokens: number;
    output_tokens_details: {
      reasoning_tokens: number;
    };
    total_tokens: number;
  } | null;
  gibsey?: FacadeTurn;
}

/** The data of each event; the event's name is its type. */
export interface OpenAiResponseEvent {
  type: 'response.created' | 'response.in_progress' | 'response.output_item.added' | 'response.content_part.added' | 'response.output_text.delta' | 'response.output_text.done' | 'response.content_part.done' | 'response.output_item.done' | 'response.completed' | 'response.incomplete' | 'response.failed';
  sequence_number: number;
  response?: OpenAiResponse;
  output_index?: number;
  content_index?: number;
  item_id?: string;
  item?: OpenAiResponseItem;
  part?: {
    type: 'output_text';
    text: string;
    annotations: unknown[];
    logprobs: unknown[];
  };
  delta?: string;
  text?: string;
  logprobs?: unknown[];
}

/** As Anthropic's clients send it. */
export interface MessagesRequest {
  /** Who answers: arieol, entrance-way/arieol; gibsey is the narrator of the first world, entrance-way/narrator a world's. */
  model: string;
  max_tokens: number;
  messages: ({
    role: 'system' | 'developer' | 'user' | 'assistant';
    /** A text, or a list of parts that are texts. */
    content: string | Record<string, unknown>[] | null;
  })[];
  system?: string | Record<string, unknown>[];
  stream?: boolean | null;
  temperature?: number | null;
  top_p?: number | null;
  /** The reply ends before any of these. */
  stop_sequences?: string | string[] | null;
  metadata?: {
    user_id?: UserId;
  } | null;
}

export interface AnthropicMessage {
  id: string;
  type: 'message';
  role: 'assistant';
  model: string;
  content: {
    type: 'text';
    text: string;
    citations: null;
  }[];
  stop_reason: 'end_turn' | 'max_tokens' | null;
  stop_sequence: null;
  usage: {
    input_tokens: number;
    output_tokens: number;
  };
  gibsey?: FacadeTurn;
}

/** A refusal, or the last event of a stream whose turn failed. */
export interface AnthropicError {
  type: 'error';
  error: {
    type: 'invalid_request_error' | 'authentication_error' | 'billing_error' | 'permission_error' | 'not_found_error' | 'request_too_large' | 'rate_limit_error' | 'api_error' | 'overloaded_error' | 'timeout_error';
    message: string;
  };
  gibsey?: InsufficientCredits | FailedFacadeTurn;
}

/** The data of each event; the event's name is its type. */
export type AnthropicEvent =
  | {
  type: 'message_start';
  message: AnthropicMessage;
} | {
  type: 'content_block_start';
  index: number;
  content_block: {
    type: 'text';
    text: string;
    citations: null;
  };
} | {
  type: 'content_block_delta';
  index: number;
  delta: {
    type: 'text_delta';
    text: string;
  };
} | {
  type: 'content_block_stop';
  index: number;
} | {
  type: 'message_delta';
  delta: {
    stop_reason: 'end_turn' | 'max_tokens';
    stop_sequence: null;
  };
  usage: {
    input_tokens: number;
    output_tokens: number;
  };
  gibsey: FacadeTurn;
} | {
  type: 'message_stop';
} | AnthropicError;

export interface TokenCountRequest {
  /** Who answers: arieol, entrance-way/arieol; gibsey is the narrator of the first world, entrance-way/narrator a world's. */
  model: string;
  messages: ({
    role: 'system' | 'developer' | 'user' | 'assistant';
    /** A text, or a list of parts that are texts. */
    content: string | Record<string, unknown>[] | null;
  })[];
  system?: string | Record<string, unknown>[];
}

/** Of what the client sends; the character's own words and the lines of the book come on top. */
export interface TokenCount {
  input_tokens: number;
}

/** As Ollama's clients send it. Tools, images, answers in JSON and thinking are refused with 400; other fields do not count. */
export interface OllamaChatRequest {
  /** Who answers: arieol, entrance-way/arieol; gibsey is the narrator of the first world, entrance-way/narrator a world's. */
  model: string;
  /** None: the model is loaded, which it always is. */
  messages?: ({
    role: 'system' | 'developer' | 'user' | 'assistant';
    /** A text, or a list of parts that are texts. */
    content: string | Record<string, unknown>[] | null;
  })[];
  /** True where it is left out. */
  stream?: boolean | null;
  options?: {
    temperature?: number | null;
    top_p?: number | null;
    num_predict?: number | null;
    /** The reply ends before any of these. */
    stop?: string | string[] | null;
  } | null;
}

export interface OllamaGenerateRequest {
  /** Who answers: arieol, entrance-way/arieol; gibsey is the narrator of the first world, entrance-way/narrator a world's. */
  model: string;
  prompt?: string | null;
  system?: string | null;
  /** True where it is left out. */
  stream?: boolean | null;
  options?: {
    temperature?: number | null;
    top_p?: number | null;
    num_predict?: number | null;
    /** The reply ends before any of these. */
    stop?: string | string[] | null;
  } | null;
}

/** A line of a stream, or the whole reply: /api/chat has a message, /api/generate a response. The counts, the durations in ns and gibsey stand in the last line. */
export interface OllamaReply {
  model: string;
  created_at: Time;
  message?: {
    role: 'assistant';
    content: string;
  };
  response?: string;
  done: boolean;
  done_reason?: 'stop' | 'length' | 'load';
  total_duration?: number;
  load_duration?: number;
  prompt_eval_count?: number;
  prompt_eval_duration?: number;
  eval_count?: number;
  eval_duration?: number;
  gibsey?: FacadeTurn;
}

/** A refusal, or the last line of a stream whose turn failed. */
export interface OllamaError {
  error: string;
  gibsey?: InsufficientCredits;
}

export type OllamaLine = OllamaReply | OllamaError;

export interface OllamaModel {
  name: string;
  model: string;
  modified_at?: Time;
  size: number;
  digest: string;
  details: {
    parent_model: string;
    format: string;
    family: string;
    families: string[];
    parameter_size: string;
    quantization_level: string;
  };
  expires_at?: Time;
  size_vram?: number;
  context_length?: number;
}

export interface OllamaModels {
  models: OllamaModel[];
}

export interface OllamaShowRequest {
  /** Who answers: arieol, entrance-way/arieol; gibsey is the narrator of the first world, entrance-way/narrator a world's. */
  model: string;
}

export interface OllamaShown {
  modelfile: string;
  parameters: string;
  template: string;
  system: string;
  details: {
    parent_model: string;
    format: string;
    family: string;
    families: string[];
    parameter_size: string;
    quantization_level: string;
  };
  model_info: {
    [name: string]: unknown;
  };
  capabilities: string[];
  modified_at: Time;
}

export interface OllamaVersion {
  version: string;
}

export interface OllamaEmbedRequest {
  model: string;
  input: string | string[];
}

export interface OllamaEmbedded {
  model: string;
  embeddings: number[][];
  total_duration: number;
  load_duration: number;
  prompt_eval_count: number;
}

export interface OllamaEmbeddingsRequest {
  model: string;
  prompt: string;
}

export interface OllamaEmbedding {
  embedding: number[];
}

/** One JSON-RPC 2.0 message of the Model Context Protocol. */
export interface McpMessage {
  jsonrpc?: string;
  id?: string | number | null;
  /** initialize, ping, tools/list, tools/call, or a notification. */
  method?: string;
  params?: Record<string, unknown>;
}

export interface McpError {
  jsonrpc: '2.0';
  id: string | number | null;
  error: {
    code: number;
    message: string;
  };
}

export interface McpResult {
  jsonrpc: '2.0';
  id: string | number | null;
  result: {
    [name: string]: unknown;
  };
}

/** A piece of a character's reply. */
export interface McpProgress {
  jsonrpc: '2.0';
  method: 'notifications/progress';
  params: {
    progressToken: string | number;
    progress: number;
    message: string;
  };
}

export type McpAnswer = McpResult | McpError;

export type McpEvent = McpProgress | McpResult;

/** POST /ask */
export type AskEvent =
  | { event: 'turn'; data: TurnStarted }
  | { event: 'sources'; data: Source[] }
  | { event: 'message'; data: string }
  | { event: 'quote'; data: Quote }
  | { event: 'replace'; data: TextReplaced }
  | { event: 'ledger'; data: Receipt }
  | { event: 'done'; data: TurnDone }
  | { event: 'error'; data: TurnFailed };

/** GET /v1/turns/{id}/events */
export type FollowTurnEvent =
  | { event: 'turn'; data: TurnStarted }
  | { event: 'sources'; data: Source[] }
  | { event: 'context'; data: TurnContext }
  | { event: 'token'; data: string }
  | { event: 'quote'; data: Quote }
  | { event: 'replace'; data: TextReplaced }
  | { event: 'usage'; data: TokenUsage }
  | { event: 'ledger'; data: Receipt }
  | { event: 'done'; data: TurnDone }
  | { event: 'error'; data: TurnFailed };

/** GET /ws/chat */
export type PersonaSocketIn = PersonaMessage | PersonaStop | PersonaPing;

/** GET /ws/chat */
export type PersonaSocketOut = PersonaStatus | PersonaToken | PersonaComplete | PersonaError | PersonaPong;

/** GET /v1/feed/pages */
export type FollowPagesEvent = { event: 'page_change'; data: PageChange };

/** GET /v1/feed/conversation_turns */
export type FollowConversationsEvent = { event: 'conversation_turn'; data: ConversationTurn };

/** POST /api/v1/chat */
export type CitedChatEvent =
  | { event: 'sources'; data: CitedSource[] }
  | { event: 'token'; data: string }
  | { event: 'done'; data: CitedDone }
  | { event: 'error'; data: CitedError };

/** GET /ws/{session_id} */
export type SessionSocketIn = ChatRequestMessage | ChatStopMessage | PingMessage | PageNavigationMessage | PromptSelectionMessage;

/** GET /ws/{session_id} */
export type SessionSocketOut =
  | ConnectionEstablishedMessage
  | ResponseStreamMessage
  | PongMessage
  | VaultUpdateMessage
  | PromptSelectedMessage
  | PageUpdateMessage
  | ClusterEventMessage
  | SessionErrorMessage;

/** Every operation by its operationId. */
export interface Operations {
  /** Ask a character and read the reply as it is written. */
  ask: { method: 'POST'; path: '/ask'; request: AskRequest; event: AskEvent };
  /** Ask; the reply is followed at events_url. */
  createTurn: { method: 'POST'; path: '/v1/turns'; request: CreateTurnRequest; answer: TurnCreated };
  /** The whole record of a turn. */
  getTurn: { method: 'GET'; path: '/v1/turns/{id}'; answer: Turn };
  /** Replays a turn's events and follows them. */
  followTurn: { method: 'GET'; path: '/v1/turns/{id}/events'; event: FollowTurnEvent };
  /** Ends the reply where it is; what was written is kept and charged. */
  stopTurn: { method: 'POST'; path: '/v1/turns/{id}/stop'; answer: TurnStopped };
  /** Answers the same question again, as a sibling of the turn. */
  regenerateTurn: { method: 'POST'; path: '/v1/turns/{id}/regenerate'; answer: TurnCreated };
  /** A reader's conversations, newest first. */
  listConversations: { method: 'GET'; path: '/v1/conversations'; answer: ConversationList };
  /** A conversation with its turns. */
  getConversation: { method: 'GET'; path: '/v1/conversations/{id}'; answer: ConversationWithTurns };
  /** Removes a conversation and its turns. */
  deleteConversation: { method: 'DELETE'; path: '/v1/conversations/{id}'; answer: null };
  /** Who is asking, and a cookie by which a browser stays that. */
  openSession: { method: 'POST'; path: '/v1/session'; request: OpenSessionRequest; answer: SignedIn };
  /** Who is asking. */
  showSession: { method: 'GET'; path: '/v1/session'; answer: SignedIn };
  /** The browser forgets the cookie. */
  leaveSession: { method: 'DELETE'; path: '/v1/session'; answer: null };
  /** A short-lived token for a WebSocket's address. */
  createSocketToken: { method: 'POST'; path: '/v1/session/token'; request: SocketTokenRequest; answer: SocketToken };
  /** All characters, the narrator last. */
  listCharacters: { method: 'GET'; path: '/characters'; answer: Character[] };
  /** Makes a character of the reader's own. */
  createCharacter: { method: 'POST'; path: '/characters'; request: CreateCharacterRequest; answer: Character };
  /** The characters that a user made. */
  listMadeCharacters: { method: 'GET'; path: '/characters/user/{user_id}'; answer: CharacterList };
  /** A character by id or alias. */
  getCharacter: { method: 'GET'; path: '/characters/{char_id}'; answer: Character };
  /** Changes a character, for the user who made it and for admins. */
  putCharacter: { method: 'PUT'; path: '/characters/{char_id}'; request: PutCharacterRequest; answer: Character };
  /** Removes a character, for the user who made it and for admins. */
  deleteCharacter: { method: 'DELETE'; path: '/characters/{char_id}'; answer: null };
  /** The rows of a table that fulfil conditions. */
  searchRows: { method: 'GET'; path: '/v2/keyspaces/{keyspace}/{table}'; answer: StargateRows };
  /** Writes a row, over one of that key too. */
  addRow: { method: 'POST'; path: '/v2/keyspaces/{keyspace}/{table}'; request: StargateRowRequest; answer: StargateColumns };
  /** All rows of a table. */
  listRows: { method: 'GET'; path: '/v2/keyspaces/{keyspace}/{table}/rows'; answer: StargateRows };
  /** The rows of a key. */
  getRows: { method: 'GET'; path: '/v2/keyspaces/{keyspace}/{table}/{rest}'; answer: StargateRows };
  /** Changes columns of a row, or makes it. */
  putRow: { method: 'PUT'; path: '/v2/keyspaces/{keyspace}/{table}/{rest}'; request: StargateRowRequest; answer: StargateColumnsData };
  /** The same as PUT. */
  patchRow: { method: 'PATCH'; path: '/v2/keyspaces/{keyspace}/{table}/{rest}'; request: StargateRowRequest; answer: StargateColumnsData };
  /** Removes a row; one that is not there too. */
  deleteRow: { method: 'DELETE'; path: '/v2/keyspaces/{keyspace}/{table}/{rest}'; answer: null };
  /** A token for X-Cassandra-Token. */
  createToken: { method: 'POST'; path: '/v1/auth'; request: StargateLogin; answer: StargateToken };
  /** The same by other names. */
  generateToken: { method: 'POST'; path: '/v1/auth/token/generate'; request: StargateKey; answer: StargateToken };
  /** The pages of a world in the book's order. */
  listPages: { method: 'GET'; path: '/pages'; answer: PageList };
  /** Adds a page behind the last of its world. */
  createPage: { method: 'POST'; path: '/pages'; request: CreatePageRequest; answer: Page };
  /** A page, and the ids of its neighbours. */
  getPage: { method: 'GET'; path: '/pages/{id}'; answer: PageWithNeighbours };
  /** Changes a page, or makes one of that id. */
  putPage: { method: 'PUT'; path: '/pages/{id}'; request: PutPageRequest; answer: Page };
  /** Removes a page; its versions stay readable, and its id is given to no other. */
  deletePage: { method: 'DELETE'; path: '/pages/{id}'; answer: null };
  /** Waits until all that was written before is searchable by text. */
  refresh: { method: 'POST'; path: '/refresh'; answer: Refreshed };
  /** Lines of the book that fit a question or a half-remembered line. */
  retrieve: { method: 'GET'; path: '/retrieve'; answer: Hit[] };
  /** What the book wrote about itself at night, of a world or of one page. */
  listNotes: { method: 'GET'; path: '/v1/notes'; answer: NoteList };
  /** A note as it is now, with the list of its versions. */
  getNote: { method: 'GET'; path: '/v1/notes/{id}'; answer: NoteWithVersions };
  /** A version of a note. */
  getNoteVersion: { method: 'GET'; path: '/v1/notes/{id}/versions/{number}'; answer: Note };
  /** What of a note's sentences went and came between two versions. */
  diffNote: { method: 'GET'; path: '/v1/notes/{id}/diff'; answer: NoteDiff };
  /** Makes an older version's text a new version. */
  revertNote: { method: 'POST'; path: '/v1/notes/{id}/revert'; request: RevertNoteRequest; answer: Note };
  /** What a coordinator asks a memory node of its shards. */
  askShards: { method: 'POST'; path: '/v1/shards/{call}'; answer: string };
  /** Has the book write notes about what has changed, now. */
  startNightlyRun: { method: 'POST'; path: '/v1/jobs/nightly/run'; request: NightlyRunRequest; answer: NightlyRunStarted };
  /** The last nightly runs, newest first. */
  listNightlyRuns: { method: 'GET'; path: '/v1/jobs/nightly/runs'; answer: NightlyRunList };
  /** A nightly run. */
  getNightlyRun: { method: 'GET'; path: '/v1/jobs/nightly/runs/{run_id}'; answer: NightlyRun };
  /** Whether words stand in the book: the check that every reply passes, for anybody's claim. */
  verifyQuote: { method: 'POST'; path: '/v1/quotes/verify'; request: QuoteClaim; answer: CheckedClaim };
  /** Takes credits at once. */
  debit: { method: 'POST'; path: '/debit'; request: DebitRequest; answer: LedgerChange };
  /** Gives credits, or gives back what was taken. */
  credit: { method: 'POST'; path: '/credit'; request: CreditRequest; answer: LedgerChange };
  /** A reader's balance and statement. */
  getLedger: { method: 'GET'; path: '/ledger/{user_id}'; answer: LedgerStatement };
  /** A WebSocket on which a persona answers messages, in order. */
  personaSocket: { method: 'GET'; path: '/ws/chat'; in: PersonaSocketIn; out: PersonaSocketOut };
  /** The sentiment of a text, by VADER. */
  scoreSentiment: { method: 'POST'; path: '/api/sentiment'; request: SentimentRequest; answer: Sentiment };
  /** What a persona remembers of a reader. */
  retrieveContext: { method: 'POST'; path: '/retrieve-context'; request: RetrieveContextRequest; answer: RetrievedContext };
  /** Tells a persona something about a reader. */
  addFact: { method: 'POST'; path: '/memory/facts'; request: AddFactRequest; answer: Fact };
  /** What a persona was told about a reader. */
  listFacts: { method: 'GET'; path: '/memory/facts/{user_id}/{character_id}'; answer: FactList };
  /** Every durable change of a page, in order per page, at least once. */
  followPages: { method: 'GET'; path: '/v1/feed/pages'; event: FollowPagesEvent };
  /** Every turn as it ends, whatever its dialect. */
  followConversations: { method: 'GET'; path: '/v1/feed/conversation_turns'; event: FollowConversationsEvent };
  /** An answer out of numbered sources, each claim with its [N]. */
  citedChat: { method: 'POST'; path: '/api/v1/chat'; request: CitedChatRequest; event: CitedChatEvent };
  /** The usage log, newest first. */
  listUsage: { method: 'GET'; path: '/v1/usage'; answer: UsageList };
  /** A WebSocket of a session; all sockets with its id see the same replies. */
  sessionSocket: { method: 'GET'; path: '/ws/{session_id}'; in: SessionSocketIn; out: SessionSocketOut };
  /** The sessions that are open: one's own, or all of them for an admin. */
  listSessions: { method: 'GET'; path: '/v1/sessions'; answer: SessionList };
  /** Sends a cluster_event to every session. */
  sendClusterEvent: { method: 'POST'; path: '/v1/cluster-events'; request: ClusterEventRequest; answer: ClusterEventSent };
  /** A page that talks over /ws/{session_id}, for trying a server by hand. */
  testPage: { method: 'GET'; path: '/test'; answer: string };
  /** The models that may answer, in their order. */
  listProviders: { method: 'GET'; path: '/v1/providers'; answer: Providers };
  /** Has the model say a few words. */
  testModel: { method: 'GET'; path: '/test-llm-debug'; answer: ModelTest };
  /** How the server and what it needs are. */
  health: { method: 'GET'; path: '/health'; answer: Health };
  /** Answers while the process does. */
  live: { method: 'GET'; path: '/live'; answer: Live };
  /** Whether questions are taken. */
  ready: { method: 'GET'; path: '/ready'; answer: Ready };
  /** Counters and latencies in Prometheus' text format. */
  metrics: { method: 'GET'; path: '/metrics'; answer: string };
  /** This table. */
  openapi: { method: 'GET'; path: '/openapi.json'; answer: Record<string, unknown> };
  /** This table for people. */
  docs: { method: 'GET'; path: '/docs'; answer: string };
  /** The web page. */
  page: { method: 'GET'; path: '/'; answer: string };
  /** The page's icon, where the page has one of this form. */
  faviconIco: { method: 'GET'; path: '/favicon.ico'; answer: string };
  /** The page's icon, where the page has one of this form. */
  faviconSvg: { method: 'GET'; path: '/favicon.svg'; answer: string };
  /** The page's scripts and styles; the address may go on with further slashes. */
  asset: { method: 'GET'; path: '/assets/{rest}'; answer: string };
  /** Ask a character as OpenAI's clients ask a model. */
  chatCompletion: { method: 'POST'; path: '/v1/chat/completions'; request: ChatCompletionRequest; answer: ChatCompletion | ChatCompletionChunk | OpenAiError };
  /** The same by OpenAI's newer path. */
  createResponse: { method: 'POST'; path: '/v1/responses'; request: OpenAiResponseRequest; answer: OpenAiResponse | OpenAiResponseEvent };
  /** Vectors of texts, by the model that searches the book. */
  createEmbeddings: { method: 'POST'; path: '/v1/embeddings'; request: EmbeddingRequest; answer: EmbeddingList };
  /** Every character as a model. */
  listModels: { method: 'GET'; path: '/v1/models'; answer: ModelEntryList | AnthropicModelList };
  /** One of them. */
  getModel: { method: 'GET'; path: '/v1/models/{rest}'; answer: ModelEntry | AnthropicModel };
  /** Ask a character as Anthropic's clients ask a model. */
  createMessage: { method: 'POST'; path: '/v1/messages'; request: MessagesRequest; answer: AnthropicMessage | AnthropicEvent };
  /** How many tokens a question has. */
  countTokens: { method: 'POST'; path: '/v1/messages/count_tokens'; request: TokenCountRequest; answer: TokenCount };
  /** Ask a character as Ollama's clients ask a model. */
  ollamaChat: { method: 'POST'; path: '/api/chat'; request: OllamaChatRequest; answer: OllamaReply | OllamaLine };
  /** The same with a prompt. */
  ollamaGenerate: { method: 'POST'; path: '/api/generate'; request: OllamaGenerateRequest; answer: OllamaReply | OllamaLine };
  /** Vectors of texts. */
  ollamaEmbed: { method: 'POST'; path: '/api/embed'; request: OllamaEmbedRequest; answer: OllamaEmbedded };
  /** The vector of a text, by Ollama's older path. */
  ollamaEmbeddings: { method: 'POST'; path: '/api/embeddings'; request: OllamaEmbeddingsRequest; answer: OllamaEmbedding };
  /** What a character is. */
  ollamaShow: { method: 'POST'; path: '/api/show'; request: OllamaShowRequest; answer: OllamaShown };
  /** Every character as a model of Ollama's. */
  ollamaTags: { method: 'GET'; path: '/api/tags'; answer: OllamaModels };
  /** The same: none has to be loaded. */
  ollamaPs: { method: 'GET'; path: '/api/ps'; answer: OllamaModels };
  /** This program's version. */
  ollamaVersion: { method: 'GET'; path: '/api/version'; answer: OllamaVersion };
  /** The Model Context Protocol over streamable HTTP. */
  mcp: { method: 'POST'; path: '/mcp'; request: McpMessage; answer: McpAnswer | McpEvent | null };
}
