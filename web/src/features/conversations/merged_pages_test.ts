import { expect, it } from 'vitest';
import type { Conversation } from '../../lib/api_types';
import { mergedPages } from './merged_pages';

const named = (...ids: string[]): Conversation[] =>
  ids.map((conversation_id) => ({ conversation_id, world: 'w', character_id: '', title: '', turns: 1, updated: '' }));

it('lists a conversation once, where it was first', () => {
  expect(mergedPages(named('c3', 'c2'), named('c2', 'c1'))).toEqual(named('c3', 'c2', 'c1'));
});
