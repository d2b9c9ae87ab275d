import { describe, expect, it } from 'vitest';
import type { Quote, Receipt, TurnEvent, TurnRecord } from '../../lib/api_types';
import { applyEvents, applySent, keepsIdempotencyKey, newTurn, rewound, siblingOf, turnOfRecord, type Turn } from './turn';

const asked = {
  key: 'k1', idempotency_key: 'idem', now: 1000, user_id: 'u', character: { char_id: 'arieol', world: 'w' }, question: 'Why?',
  conversation_id: '', parent_id: undefined, page_id: '',
};
const fresh = newTurn(asked);
const created = { turn_id: 't1', conversation_id: 'c1', parent_id: '', events_url: '/e', hold: 5 };
const doneWith = (finish_reason: 'stop' | 'stopped_by_reader'): TurnEvent => ({
  type: 'done',
  done: { turn_id: 't1', finish_reason, provider: 'local', model: 'm', fallback_used: false, first_token_ms: 1, total_ms: 2 },
});
const token = (text: string): TurnEvent => ({ type: 'token', text });
const receipt: Receipt = { held: 5, charged: 5, released: 0, balance: 95, rule: 'complete: charged in full' };
const quote: Quote = {
  n: 1, page_id: '012', label: '12', title: 'T', start: 0, end: 2, text: 'Be', verified: true, origin: 'model',
  reply_start: 0, reply_end: 2,
};

describe('a question', () => {
  it('goes out with what is known, and without what is not', () => {
    expect(fresh.request).toEqual({ user_id: 'u', character_id: 'arieol', text: 'Why?', world: 'w' });
    const later = newTurn({ ...asked, conversation_id: 'c1', parent_id: 't1', page_id: '042', character: { char_id: '', world: '' } });
    expect(later.request).toEqual({ user_id: 'u', character_id: '', text: 'Why?', conversation_id: 'c1', parent_id: 't1', page_id: '042' });
    expect(later.parent_id).toBe('t1');
    const first = newTurn({ ...asked, conversation_id: 'c1', parent_id: '', edit_of: 't1' });
    expect([first.request?.parent_id, first.edit_of]).toEqual(['', 't1']);
    expect(newTurn({ ...asked, conversation_id: 'c1' }).request).not.toHaveProperty('parent_id');
  });

  it('once more has no body, and stands beside the first', () => {
    const sent = applySent({ ...fresh, parent_id: 't0' }, { kind: 'ok', answer: { ...created, parent_id: 't0' } }, 0);
    const sibling = siblingOf(sent, 'k2', 'other', 2000);
    expect(sibling).toMatchObject({ again_of: 't1', parent_id: 't0', conversation_id: 'c1', question: 'Why?', turn_id: '' });
    expect(sibling.request).toBeUndefined();
  });
});

describe('a turn', () => {
  it('puts the reply together from its tokens', () => {
    const turn = applyEvents(fresh, [
      { type: 'turn', hold: 5 }, { type: 'context', cut: ['2 quotes'] }, token('Be'), { type: 'quote', quote }, token('cause\n'),
      { type: 'ledger', receipt }, doneWith('stop'),
    ]);
    expect(turn).toMatchObject({ hold: 5, cut: ['2 quotes'], reply: 'Because\n', quotes: [quote], receipt, status: 'done' });
    expect(fresh.reply).toBe('');
  });

  it('begins anew where the server says so', () => {
    const turn = applyEvents(fresh, [token('Be'), { type: 'quote', quote }, { type: 'replace' }, token('No.')]);
    expect(turn).toMatchObject({ reply: 'No.', quotes: [], restarts: 1 });
  });

  it('keeps what had come when it is stopped, failed or interrupted', () => {
    const half = applyEvents(fresh, [token('Be')]);
    expect(applyEvents(half, [doneWith('stopped_by_reader')])).toMatchObject({ status: 'stopped', reply: 'Be' });
    const error = { code: 'unavailable', message: 'Gone.', retryable: true, released: true } as const;
    expect(applyEvents(half, [{ type: 'error', error }])).toMatchObject({ status: 'failed', reply: 'Be', error });
    const stopped = { ...error, code: 'interrupted' } as const;
    expect(applyEvents(half, [{ type: 'error', error: stopped }]).status).toBe('interrupted');
  });

  it('is empty again before its stream is read from the start', () => {
    const half = applyEvents(fresh, [token('Be'), { type: 'quote', quote }]);
    expect(rewound(half)).toMatchObject({ status: 'waiting', reply: '', quotes: [], sources: [], question: 'Why?' });
  });
});

describe('what came of sending', () => {
  it('is the server’s name for it, and where it stands', () => {
    expect(applySent(fresh, { kind: 'ok', answer: created }, 0)).toMatchObject({ turn_id: 't1', conversation_id: 'c1', hold: 5 });
    const elsewhere = { ...fresh, conversation_id: 'c2', parent_id: 't9' };
    const answer = { ...created, parent_id: 't7' };
    expect(applySent(elsewhere, { kind: 'ok', answer }, 0)).toMatchObject({ conversation_id: 'c1', parent_id: 't7' });
  });

  it('counts the wait of a busy server from now', () => {
    const refusal = { kind: 'busy', retry_after_s: 7, detail: '' } as const;
    expect(applySent(fresh, { kind: 'refused', refusal }, 2000)).toMatchObject({ status: 'refused', again_at: 9000 });
  });

  it('decides whether the same key goes out again: only where the server may have heard', () => {
    const with_ = (status: Turn['status'], http = 0): Turn =>
      http === 0 ? { ...fresh, status } : { ...fresh, status, refusal: { kind: 'problem', status: http, title: '', detail: '' } };
    const heard = [with_('waiting'), with_('unreachable'), with_('refused', 502)];
    expect(heard.map(keepsIdempotencyKey)).toEqual([true, true, true]);
    const refused = [with_('refused', 422), with_('refused'), with_('failed')];
    expect(refused.map(keepsIdempotencyKey)).toEqual([false, false, false]);
  });
});

describe('a record', () => {
  const record: TurnRecord = {
    turn_id: 't1', conversation_id: 'c1', parent_id: 't0', world: 'w', character_id: 'arieol', question: 'Why?', reply: 'Because\n',
    status: 'complete', finish_reason: 'stop', error: null, sources: [], quotes: [quote], context: { included: [], cut: ['2 quotes'] },
    receipt, provider: 'local', model: 'm', fallback_used: false, first_token_ms: 1, total_ms: 2, created: '1970-01-01T00:00:01.000Z',
  };

  it('is what the live turn became', () => {
    const live = applyEvents(applySent({ ...fresh, parent_id: 't0' }, { kind: 'ok', answer: { ...created, parent_id: 't0' } }, 0), [
      { type: 'turn', hold: 5 }, { type: 'context', cut: ['2 quotes'] }, token('Because\n'), { type: 'quote', quote },
      { type: 'ledger', receipt }, doneWith('stop'),
    ]);
    const { request: _request, ...same } = live;
    expect({ ...turnOfRecord(record), idempotency_key: 'idem', key: 'k1' }).toEqual(same);
  });

  it('tells how it ended', () => {
    expect(turnOfRecord({ ...record, status: 'running', receipt: null }).status).toBe('waiting');
    expect(turnOfRecord({ ...record, status: 'stopped', finish_reason: '' })).toMatchObject({
      status: 'stopped', done: { finish_reason: 'stopped_by_reader' },
    });
    const released = { ...receipt, charged: 0, released: 5 };
    const error = { code: 'deadline', message: 'Too late.' } as const;
    expect(turnOfRecord({ ...record, status: 'failed', receipt: released, error })).toMatchObject({
      status: 'failed', error: { code: 'deadline', message: 'Too late.', retryable: true, released: true },
    });
    const large = { code: 'too_large', message: 'Too long.' } as const;
    expect(turnOfRecord({ ...record, status: 'failed', error: large }).error).toMatchObject({ retryable: false, released: false });
    expect(turnOfRecord({ ...record, status: 'interrupted', receipt: null })).toMatchObject({
      status: 'interrupted', error: { code: 'interrupted', released: true },
    });
  });
});
