// What it costs to stop now (the rule of the receipt, said before). Pure.

import { credits } from '../../lib/credits';
import { isUnsent, type Turn } from './turn';

export function stopCost(turn: Turn): string {
  if (turn.stopping === 'asked') return 'Stopping…';
  const unheard = turn.stopping === 'unheard' ? 'The server did not hear the wish to stop; try again. ' : '';
  if (turn.reply === '') return `${unheard}Stopping before the first word costs nothing.`;
  if (turn.hold === 0 || isUnsent(turn)) return `${unheard}Stopping keeps what has come.`;
  return `${unheard}Stopping keeps what has come, and costs the full ${credits(turn.hold)}.`;
}
