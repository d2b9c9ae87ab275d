import type { KeyboardEvent } from 'react';

/** Enter alone; not with Shift, and not where it only chooses a word of an input method. */
export function isSendKey(event: KeyboardEvent): boolean {
  return event.key === 'Enter' && !event.shiftKey && !event.nativeEvent.isComposing;
}
