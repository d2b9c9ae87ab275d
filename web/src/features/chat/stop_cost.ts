// What it costs to stop now (the rule of the receipt, said before). Pure.

import { isUnsent, type Turn } from './turn';

export function stopCost(turn: Turn): string {
  if (turn.stopping === 'asked') return 'Stopping…';
  const unheard = turn.stopping === 'unheard' ? 'The server did not hear the wish to stop; try again. ' : '';
  if (turn.reply === '') return `${unheard}Stopping before the first word costs nothing.`;
  const price = turn.hold === 1 ? '1 credit' : `${turn.hold} credits`;
  if (turn.hold === 0 || isUnsent(turn)) return `${unheard}Stopping keeps what has come.`;
  return `${unheard}Stopping keeps what has come, and costs the full ${price}.`;
}
