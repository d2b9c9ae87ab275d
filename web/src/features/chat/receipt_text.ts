// The words under a reply: what it cost and who spoke. Pure.

import type { Done, Ledger } from '../../lib/api_types';

const credits = (count: number) => (count === 1 ? '1 credit' : `${count} credits`);

/** "5 credits, 95 left" */
export function receiptText(ledger: Ledger): string {
  const left = `${ledger.balance} left`;
  if (ledger.charged === 0 && ledger.released > 0) {
    return `nothing charged, ${credits(ledger.released)} given back, ${left}`;
  }
  if (ledger.charged === 0) return `free, ${left}`;
  const back = ledger.released > 0 ? `, ${ledger.released} given back` : '';
  return `${credits(ledger.charged)}${back}, ${left}`;
}

export function seconds(ms: number): string {
  return ms < 9950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** A model in the process whose name does not tell of a thousand million weights or more. */
export function isSmallLocalModel(done: Pick<Done, 'provider' | 'model'>): boolean {
  if (done.provider !== 'local') return false;
  const size = /(\d+(?:\.\d+)?)\s*([bm])(?![a-z])/i.exec(done.model);
  return !(size && size[2]!.toLowerCase() === 'b' && Number(size[1]) >= 1);
}
