// What a reader pastes to sign in, and why it was not taken. Pure.

import type { Outcome } from '../../lib/api_types';
import { sentenceFor } from '../../lib/http';

export type Pasted = { credential: string } | { problem: string };

/** The server takes no longer ones. */
const longest = 8192;

/** The token in what was pasted: without the line breaks of a mail or a terminal, and without the word Bearer in front. */
export function credentialIn(pasted: string): Pasted {
  const credential = pasted.trim().replace(/^(authorization:\s*)?bearer\s+/i, '').replace(/\s+/g, '');
  if (credential === '') return { problem: 'Paste your token or API key first.' };
  const strange = /[^\x21-\x7e]/u.exec(credential)?.[0];
  if (strange !== undefined) {
    return { problem: `“${strange}” is in no token or API key. Copy it once more, without what stands around it.` };
  }
  if (credential.length > longest) return { problem: 'This is longer than any token or API key. Copy the token alone.' };
  return { credential };
}

/** Why the server did not let the reader in; a sentence. */
export function refusalText(outcome: Exclude<Outcome<unknown>, { kind: 'ok' }>): string {
  if (outcome.kind !== 'refused' || outcome.refusal.kind !== 'problem') return sentenceFor(outcome);
  const { status, detail } = outcome.refusal;
  // Only a service's own token leaves open for whom it is.
  if (status === 422) return 'This is the token of a service, not of a reader. Sign in with one of your own.';
  return status === 431 ? 'The server finds this too long for a token or API key.' : detail;
}

export const cookieNotKept =
  'The server took it, but your browser did not keep the session. Allow cookies for this address; where the server gives them over ' +
  'https alone, open the page by https.';
