// The words under a reply: what it cost and who spoke. Pure.

import type { Receipt, TurnDone } from '../../lib/api_types';
import { credits } from '../../lib/credits';

/** "5 credits, 95 left" */
export function receiptText(receipt: Receipt): string {
  const left = `${receipt.balance} left`;
  if (receipt.charged === 0 && receipt.released > 0) {
    return `nothing charged, ${credits(receipt.released)} given back, ${left}`;
  }
  if (receipt.charged === 0) return `free, ${left}`;
  const back = receipt.released > 0 ? `, ${receipt.released} given back` : '';
  return `${credits(receipt.charged)}${back}, ${left}`;
}

/** ", for 5 credits": what the question of this receipt costs once more; "" where that is nothing, or not known. */
export function pricePhrase(receipt: Receipt | undefined): string {
  const held = receipt?.held ?? 0;
  return held === 0 ? '' : `, for ${credits(held)}`;
}

export function seconds(ms: number): string {
  return ms < 9950 ? `${(ms / 1000).toFixed(1)} s` : `${Math.round(ms / 1000)} s`;
}

/** A model in the process whose name does not tell of a thousand million weights or more. */
export function isSmallLocalModel(done: Pick<TurnDone, 'provider' | 'model'>): boolean {
  if (done.provider !== 'local') return false;
  const size = /(\d+(?:\.\d+)?)\s*([bm])(?![a-z])/i.exec(done.model);
  return !(size && size[2]!.toLowerCase() === 'b' && Number(size[1]) >= 1);
}
