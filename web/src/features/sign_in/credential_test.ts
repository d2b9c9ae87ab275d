import { describe, expect, it } from 'vitest';
import type { Outcome } from '../../lib/api_types';
import { credentialIn, refusalText } from './credential';

describe('credentialIn', () => {
  it.each([
    ['  gbs_abc\n', 'gbs_abc'],
    ['Bearer ey.a.b', 'ey.a.b'],
    ['Authorization: bearer  ey.a.b', 'ey.a.b'],
    ['ey\n.a\r\n .b', 'ey.a.b'],
    ['bearer', 'bearer'],
  ])('takes out of %j', (pasted, credential) => {
    expect(credentialIn(pasted)).toEqual({ credential });
  });

  it.each([
    ['', /Paste/],
    [' \n', /Paste/],
    ['gbs_a…z', /“…”/],
    ['🔑gbs_a', /“🔑”/],
    ['a'.repeat(8193), /longer/],
  ])('says what is wrong with %j', (pasted, problem) => {
    expect(credentialIn(pasted)).toEqual({ problem: expect.stringMatching(problem) as string });
  });
});

describe('refusalText', () => {
  const refused = (status: number, detail: string): Exclude<Outcome<unknown>, { kind: 'ok' }> => ({
    kind: 'refused',
    refusal: { kind: 'problem', status, title: '', detail },
  });

  it.each([
    [refused(401, 'The token has expired; get a new one.'), 'The token has expired; get a new one.'],
    [refused(503, 'The store is closed.'), 'The store is closed.'],
    [refused(422, 'A service must name the user.'), 'This is the token of a service, not of a reader. Sign in with one of your own.'],
    [{ kind: 'unreachable' } as const, 'The server does not answer. Is `gibsey serve` running?'],
  ])('%j', (outcome, text) => {
    expect(refusalText(outcome)).toBe(text);
  });
});
