// The conversations of this page and what goes on in them: asks, follows, stops, and brings back after a reload. The state is a
// value (chat_state.ts); each change of it is told to who subscribed.

import { createTurn, eventsPath, loadBalance, loadConversation, regenerateTurn, stopTurn } from '../../lib/api';
import type { Character, TurnEvent } from '../../lib/api_types';
import { followTurn } from '../../lib/follow_turn';
import { problemStatus, sentenceFor } from '../../lib/http';
import { randomId } from '../../lib/storage';
import * as states from './chat_state';
import type { ChatState } from './chat_state';
import type { ChatStore } from './chat_store';
import {
  applyEvents,
  isRunning,
  isUnsent,
  keepsIdempotencyKey,
  newTurn,
  rewound,
  siblingOf,
  standsIn,
  type NewTurn,
  type Turn,
} from './turn';

/** A question on its way when the page was left goes out again by itself for so long; later the reader decides. */
const sendAgainMs = 60_000;

type Speaker = Pick<Character, 'char_id' | 'world'>;

export class ChatSession {
  private state: ChatState;
  private readonly listeners = new Set<() => void>();
  private readonly following = new Map<string, AbortController>();
  private begun = false;

  constructor(
    private readonly userId: string,
    private readonly store: ChatStore,
  ) {
    this.state = { ...states.emptyState, open: store.loadOpen(), turns: store.loadUnsent() };
  }

  readonly getState = (): ChatState => this.state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Goes on where the page was left. */
  start(): void {
    this.followRunning();
    if (this.begun) return;
    this.begun = true;
    for (const turn of this.state.turns) if (isRunning(turn)) this.resume(turn);
    void loadBalance(this.userId).then((outcome) => {
      if (outcome.kind === 'ok' && this.state.balance === undefined) this.set({ ...this.state, balance: outcome.answer });
    });
  }

  /** Follows no more; the turns go on without the page. */
  close(): void {
    for (const controller of this.following.values()) controller.abort();
    this.following.clear();
  }

  /** After what is shown. `pageId`: the page that the reader has open, or "". */
  ask(character: Speaker, question: string, pageId: string): void {
    const { id, path } = states.viewOf(this.state, character.char_id);
    const parent_id = path.map(({ turn }) => turn.turn_id).filter(Boolean).at(-1);
    this.put({ character, question, conversation_id: id, parent_id, page_id: pageId });
  }

  /** Puts the question of a turn in other words, in its place; the old one stays beside it. */
  rephrase(turn: Turn, question: string, pageId: string): void {
    const { char_id, world, conversation_id, parent_id, turn_id: edit_of } = turn;
    this.put({ character: { char_id, world }, question, conversation_id, parent_id, edit_of, page_id: pageId });
  }

  /** Asks the question of a turn once more: a sibling where the server has taken it, else the question itself. */
  askAgain(turn: Turn): void {
    if (isUnsent(turn) && keepsIdempotencyKey(turn)) return this.sendAgain(turn, turn.idempotency_key);
    if (isUnsent(turn) && standsIn(turn)) return this.sendAgain(turn, randomId());
    const page_id = turn.request?.page_id ?? '';
    if (isUnsent(turn) || turn.status === 'lost') this.remove(turn);
    if (isUnsent(turn)) return this.ask(turn, turn.question, page_id);
    if (turn.status === 'lost') {
      const { char_id, world, question, conversation_id, parent_id } = turn;
      return this.put({ character: { char_id, world }, question, conversation_id, parent_id, page_id });
    }
    const sibling = siblingOf(turn, randomId(), randomId(), Date.now());
    this.set(states.withQuestion(this.state, sibling));
    void this.send(sibling);
  }

  /** The reply ends where it is. */
  stop(turn: Turn): void {
    this.set(states.withTurn(this.state, { ...turn, stopping: 'asked' }));
    // Else the wish is sent as soon as the server has taken the question.
    if (!isUnsent(turn)) void this.sendStop(turn);
  }

  /** Takes a question that was not taken out of the conversation. */
  remove(turn: Turn): void {
    this.set(states.withoutTurn(this.state, turn.key));
  }

  /** Which conversation is shown with a character; "" is a new one. */
  show(charId: string, conversationId: string): void {
    this.set({ ...this.state, open: { ...this.state.open, [charId]: conversationId } });
  }

  /** Shows this one of the siblings that follow the turn `after` ("": of the first ones). */
  choose(turn: Turn, after: string): void {
    const { choices } = this.state;
    const own = { ...choices[turn.conversation_id], [after]: turn.key };
    this.set({ ...this.state, choices: { ...choices, [turn.conversation_id]: own } });
  }

  /** Reads a conversation from the server, unless that was done or is under way; `anew` after it failed. */
  async load(conversationId: string, anew = false): Promise<void> {
    const known = this.state.loads[conversationId];
    if (conversationId === '' || (known && !(anew && known.state === 'failed'))) return;
    this.set({ ...this.state, loads: { ...this.state.loads, [conversationId]: { state: 'loading' } } });
    const outcome = await loadConversation(conversationId);
    if (outcome.kind === 'ok') {
      this.set(states.loaded(this.state, conversationId, outcome.answer));
      return this.followRunning();
    }
    if (problemStatus(outcome) === 404) return this.set(states.forgotten(this.state, conversationId));
    this.set(states.loadFailed(this.state, conversationId, sentenceFor(outcome)));
  }

  /** The conversation was deleted. */
  forget(conversationId: string): void {
    for (const turn of this.state.turns) if (turn.conversation_id === conversationId) this.leave(turn.key);
    this.set(states.forgotten(this.state, conversationId));
  }

  private put(asked: Omit<NewTurn, 'key' | 'idempotency_key' | 'now' | 'user_id'>): void {
    const turn = newTurn({ ...asked, key: randomId(), idempotency_key: randomId(), now: Date.now(), user_id: this.userId });
    this.set(states.withQuestion(this.state, turn));
    void this.send(turn);
  }

  private followRunning(): void {
    const running = this.state.turns.filter((turn) => isRunning(turn) && !isUnsent(turn));
    for (const turn of running) void this.follow(turn, eventsPath(turn.turn_id));
  }

  /** A question that was on its way when the page was left. */
  private resume(turn: Turn): void {
    if (!isUnsent(turn)) return;
    if (Date.now() - turn.asked_at < sendAgainMs) void this.send(turn);
    else this.set(states.withTurn(this.state, { ...turn, status: 'unreachable' }));
  }

  private sendAgain(turn: Turn, idempotencyKey: string): void {
    const { refusal: _refusal, again_at: _againAt, stopping: _stopping, ...asked } = turn;
    const again: Turn = { ...asked, idempotency_key: idempotencyKey, status: 'waiting', asked_at: Date.now() };
    this.set(states.withQuestion(this.state, again));
    void this.send(again);
  }

  private async send(turn: Turn): Promise<void> {
    const key = turn.idempotency_key;
    const outcome = turn.request ? await createTurn(turn.request, key) : await regenerateTurn(turn.again_of, key);
    this.set(states.sent(this.state, turn.key, outcome, Date.now()));
    const now = this.find(turn.key);
    if (outcome.kind !== 'ok' || !now) return;
    if (now.stopping) void this.sendStop(now);
    // Where the server named another conversation than the page thought of, that one is shown now.
    void this.load(now.conversation_id);
    await this.follow(now, outcome.answer.events_url || eventsPath(now.turn_id));
  }

  private async sendStop(turn: Turn): Promise<void> {
    const outcome = await stopTurn(turn.turn_id);
    const now = this.find(turn.key);
    if (outcome.kind !== 'ok' && now) this.set(states.withTurn(this.state, { ...now, stopping: 'unheard' }));
  }

  /** From the start of its stream to its end. */
  private async follow(turn: Turn, url: string): Promise<void> {
    if (this.following.has(turn.key)) return;
    const controller = new AbortController();
    this.following.set(turn.key, controller);
    const change = (how: (turn: Turn) => Turn) => {
      const now = controller.signal.aborted ? undefined : this.find(turn.key);
      const next = now && how(now);
      if (next && next !== now) this.set(states.withTurn(this.state, next));
    };
    change(rewound);
    const outcome = await followTurn(url, {
      signal: controller.signal,
      onEvents: (events) => this.takeEvents(events, change),
      onLine: (line) => change((now) => (now.line === line ? now : { ...now, line })),
    });
    if (outcome.kind === 'left' || controller.signal.aborted) return;
    change((now) => {
      if (outcome.kind === 'refused') return { ...now, status: 'lost', refusal: outcome.refusal };
      return isRunning(now) ? { ...now, status: 'lost' } : now;
    });
    this.leave(turn.key);
    this.set({ ...this.state, listed: this.state.listed + 1 });
  }

  private takeEvents(events: TurnEvent[], change: (how: (turn: Turn) => Turn) => void): void {
    change((turn) => applyEvents(turn, events));
    const settled = events.find((event) => event.type === 'ledger');
    if (settled) this.set({ ...this.state, balance: settled.receipt.balance });
  }

  private leave(key: string): void {
    this.following.get(key)?.abort();
    this.following.delete(key);
  }

  private find(key: string): Turn | undefined {
    return this.state.turns.find((turn) => turn.key === key);
  }

  private set(state: ChatState): void {
    const before = this.state;
    if (state === before) return;
    this.state = state;
    if (state.open !== before.open) this.store.saveOpen(state.open);
    if (state.turns !== before.turns) this.store.saveUnsent(states.unsentTurns(state), states.unsentTurns(before));
    for (const listener of this.listeners) listener();
  }
}
