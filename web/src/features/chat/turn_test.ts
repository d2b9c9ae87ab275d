import { describe, expect, it } from 'vitest';
import type { TurnEvent } from '../../lib/api_types';
import { applyEvents, applyOutcome, keepsIdempotencyKey, newTurn, restored, withTurn } from './turn';

const fresh = newTurn('Why?', 'arieol', 'k1', 'idem', 1000);
const done: TurnEvent = {
  type: 'done',
  done: {
    turn_id: 't1', finish_reason: 'stop', provider: 'local', model: 'm', fallback_used: false,
    first_token_ms: 1, total_ms: 2,
  },
};

describe('a turn', () => {
  it('puts the reply together from its tokens', () => {
    const turn = applyEvents(fresh, [
      { type: 'turn', turn_id: 't1' }, { type: 'token', text: 'Be' }, { type: 'token', text: 'cause\n' }, done,
    ]);
    expect(turn).toMatchObject({ turn_id: 't1', reply: 'Because\n', status: 'done' });
    expect(applyOutcome(turn, { kind: 'ended' }, 0)).toBe(turn);
    expect(fresh.reply).toBe('');
  });

  it('keeps what had come when it is stopped, lost or failed', () => {
    const half = applyEvents(fresh, [{ type: 'token', text: 'Be' }]);
    expect(applyOutcome(half, { kind: 'stopped' }, 0)).toMatchObject({ status: 'stopped', reply: 'Be' });
    expect(applyOutcome(half, { kind: 'broken' }, 0)).toMatchObject({ status: 'broken', reply: 'Be' });
    const error = { code: 'provider', message: 'The model stopped.', retryable: true, released: 5 };
    expect(applyEvents(half, [{ type: 'error', error }])).toMatchObject({ status: 'failed', reply: 'Be', error });
  });

  it('counts the wait of a busy server from now', () => {
    const refusal = { kind: 'busy', retry_after_s: 7, detail: '' } as const;
    expect(applyOutcome(fresh, { kind: 'refused', refusal }, 2000)).toMatchObject({ status: 'refused', again_at: 9000 });
  });

  it('is broken off when the page was closed in the middle', () => {
    expect(restored(fresh).status).toBe('broken');
    const finished = applyEvents(fresh, [done]);
    expect(restored(finished)).toBe(finished);
  });

  it('goes out with the same key only where the server may have it', () => {
    const keeps = (['broken', 'unreachable', 'stopped', 'refused', 'failed', 'done'] as const).map((status) =>
      keepsIdempotencyKey({ ...fresh, status }),
    );
    expect(keeps).toEqual([true, true, false, false, false, false]);
  });
});

describe('withTurn', () => {
  it('replaces a turn in its place and adds a new one at the end', () => {
    const other = { ...fresh, key: 'k2' };
    const changed = { ...fresh, reply: 'x' };
    expect(withTurn([fresh, other], changed)).toEqual([changed, other]);
    expect(withTurn([fresh], other)).toEqual([fresh, other]);
  });

  it('drops the broken-off copy when the server answers with the same turn again', () => {
    const broken = { ...fresh, turn_id: 't1', status: 'broken' as const, reply: 'Be' };
    const again = { ...fresh, key: 'k2' };
    expect(withTurn([broken, again], { ...again, turn_id: 't1' })).toEqual([{ ...again, turn_id: 't1' }]);
    expect(withTurn([broken, again], { ...again, turn_id: 't2' })).toHaveLength(2);
  });
});
