import type { Conversation } from '../../lib/api_types';

/** A further part of the list at the end of what is there. One that moved meanwhile is listed once. Pure. */
export function mergedPages(before: readonly Conversation[], more: readonly Conversation[]): Conversation[] {
  const known = new Set(before.map((conversation) => conversation.conversation_id));
  return [...before, ...more.filter((conversation) => !known.has(conversation.conversation_id))];
}
