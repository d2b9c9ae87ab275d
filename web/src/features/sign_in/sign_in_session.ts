// Who is signed in in this browser: found out at the start, asked for again when a session ends, told to the other tabs.

import { leaveSession, openSession, showSession } from '../../lib/api';
import type { SignedIn } from '../../lib/api_types';
import { keepGate, type GateKeeper } from '../../lib/gate';
import { isUnauthorized, sentenceFor } from '../../lib/http';
import { forgetReader, openReader, signedInReader, type Reader } from '../../lib/reader';
import { cookieNotKept, credentialIn, refusalText } from './credential';

export type Standing =
  | { state: 'unknown' }
  | { state: 'failed'; message: string }
  /** Somebody must sign in. */
  | { state: 'out' }
  /** `ended`: the reader is asked to sign in again; `later`: is told so, and asked when something needs it. */
  | { state: 'in'; reader: Reader; session: 'good' | 'ended' | 'later' };

/** What one tab tells the others. */
type Word = 'entered' | 'left';

export class SignInSession implements GateKeeper {
  private standing: Standing = { state: 'unknown' };
  private readonly listeners = new Set<() => void>();
  private asking: Promise<boolean> | undefined;
  private answerAsked: ((back: boolean) => void) | undefined;
  private readonly waiting = new Set<() => void>();
  private channel: BroadcastChannel | undefined;

  readonly getStanding = (): Standing => this.standing;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };

  /** Gives the way to end it. */
  start(): () => void {
    const letGo = keepGate(this);
    const channel = new BroadcastChannel('gibsey.sign_in');
    channel.onmessage = ({ data }: MessageEvent<Word>) => void (data === 'left' ? this.goOut() : this.check());
    this.channel = channel;
    void this.check();
    return () => {
      letGo();
      channel.close();
      if (this.channel === channel) this.channel = undefined;
    };
  }

  /** Asks the server who this browser is. */
  async check(): Promise<void> {
    const outcome = await showSession();
    if (outcome.kind === 'ok') return this.enter(outcome.answer);
    if (this.standing.state === 'in') return isUnauthorized(outcome) ? this.ended() : undefined;
    this.set(isUnauthorized(outcome) ? { state: 'out' } : { state: 'failed', message: sentenceFor(outcome) });
  }

  /** Tries again what failed. */
  retry(): void {
    this.set({ state: 'unknown' });
    void this.check();
  }

  /** Why it was refused, in a sentence, or "". The token is kept nowhere. */
  async signIn(pasted: string): Promise<string> {
    const read = credentialIn(pasted);
    if ('problem' in read) return read.problem;
    const opened = await openSession(read.credential);
    if (opened.kind !== 'ok') return refusalText(opened);
    const seen = await showSession();
    if (isUnauthorized(seen)) return cookieNotKept;
    if (seen.kind !== 'ok') return sentenceFor(seen);
    this.enter(seen.answer);
    this.tell('entered');
    return '';
  }

  /** Why the reader is signed in still, in a sentence, or "". What the browser kept of this reader is gone. */
  async signOut(): Promise<string> {
    const outcome = await leaveSession();
    if (outcome.kind !== 'ok') return `You are still signed in. ${sentenceFor(outcome)}`;
    this.goOut();
    this.tell('left');
    return '';
  }

  /** The reader does not want to sign in again now. */
  later(): void {
    if (this.standing.state === 'in') this.set({ ...this.standing, session: 'later' });
    this.answer(false);
  }

  /** The reader wants to sign in again after all. */
  askNow(): void {
    if (this.standing.state === 'in') this.set({ ...this.standing, session: 'ended' });
  }

  again(): Promise<boolean> {
    this.asking ??= this.askAgain().finally(() => (this.asking = undefined));
    return this.asking;
  }

  untilBack(): Promise<void> {
    return new Promise((resolve) => this.waiting.add(resolve));
  }

  ended(): void {
    if (this.standing.state === 'in' && this.standing.session === 'good') this.set({ ...this.standing, session: 'later' });
  }

  private async askAgain(): Promise<boolean> {
    const before = this.standing;
    if (before.state !== 'in') return false;
    // Another tab may have signed in again meanwhile.
    const seen = await showSession();
    if (seen.kind === 'ok') {
      this.enter(seen.answer);
      return this.isIn(before.reader.user_id);
    }
    if (this.standing.state !== 'in') return false;
    const answered = new Promise<boolean>((resolve) => (this.answerAsked = resolve));
    this.askNow();
    return answered;
  }

  private enter(session: SignedIn): void {
    const before = this.standing;
    const user_id = session.auth === 'on' ? session.user_id : null;
    const reader = user_id === null ? openReader() : signedInReader({ ...session, user_id });
    const same = before.state === 'in' && before.reader.user_id === reader.user_id;
    if (same && before.session === 'good' && before.reader.expires === reader.expires) return;
    this.set({ state: 'in', reader, session: 'good' });
    this.answer(same);
    // Those that wait for another reader wait on, until their page is gone.
    if (same) for (const resolve of this.waiting) resolve();
    this.waiting.clear();
  }

  private goOut(): void {
    if (this.standing.state === 'in') {
      if (!this.standing.reader.signed_in) return;
      forgetReader(this.standing.reader);
    }
    this.set({ state: 'out' });
    this.answer(false);
  }

  private isIn(userId: string): boolean {
    return this.standing.state === 'in' && this.standing.reader.user_id === userId;
  }

  private answer(back: boolean): void {
    this.answerAsked?.(back);
    this.answerAsked = undefined;
  }

  private tell(word: Word): void {
    this.channel?.postMessage(word);
  }

  private set(standing: Standing): void {
    this.standing = standing;
    for (const listener of this.listeners) listener();
  }
}
