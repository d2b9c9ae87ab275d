import { describe, expect, it } from 'vitest';
import { siblingOf, type Turn, turnOfRecord } from './turn';
import { pathThrough } from './turn_tree';

function taken(id: string, parent: string): Turn {
  return turnOfRecord({
    turn_id: id, conversation_id: 'c', parent_id: parent, world: 'w', character_id: 'a', question: `${id}?`, reply: 'r',
    status: 'complete', finish_reason: 'stop', error: null, sources: [], quotes: [], context: { included: [], cut: [] }, receipt: null,
    provider: '', model: '', fallback_used: false, first_token_ms: 0, total_ms: 0, created: '',
  });
}

/** "t1 t2/3": shown in order, with how many stand at the place. */
const shown = (turns: Turn[], choices = {}) =>
  pathThrough(turns, choices).map(({ turn, siblings }) => (siblings.length > 1 ? `${turn.key}/${siblings.length}` : turn.key)).join(' ');

// t1 -> t2 -> t3 -> t5, and t4 beside t3; t6 beside t1.
const tree = [taken('t1', ''), taken('t2', 't1'), taken('t3', 't2'), taken('t4', 't2'), taken('t5', 't3')];

describe('pathThrough', () => {
  it.each([
    ['nothing', [], ''],
    ['a line', tree.slice(0, 3), 't1 t2 t3'],
    ['the newest sibling', tree.slice(0, 4), 't1 t2 t4/2'],
    ['the way to the newest turn, past a newer sibling', tree, 't1 t2 t3/2 t5'],
    ['a newer first turn', [...tree, taken('t6', '')], 't6/2'],
  ])('shows %s', (_name, turns, path) => {
    expect(shown(turns)).toBe(path);
  });

  it('follows the reader’s choices, and below them the newest', () => {
    expect(shown(tree, { t2: 't4' })).toBe('t1 t2 t4/2');
    expect(shown([...tree, taken('t6', '')], { '': 't1' })).toBe('t1/2 t2 t4/2');
    expect(shown([...tree, taken('t6', '')], { '': 't1', t2: 't3' })).toBe('t1/2 t2 t3/2 t5');
    expect(shown(tree, { t2: 'gone' })).toBe('t1 t2 t3/2 t5');
  });

  it('says where the siblings stand, oldest first', () => {
    const place = pathThrough(tree, {})[2]!;
    expect(place.after).toBe('t2');
    expect(place.siblings.map((turn) => turn.key)).toEqual(['t3', 't4']);
  });

  it('takes a parent that is missing, later or itself for none', () => {
    expect(shown([taken('t1', 'gone')])).toBe('t1');
    expect(shown([taken('t1', 't2'), taken('t2', 't1')])).toBe('t1 t2');
    expect(shown([taken('t1', 't1')])).toBe('t1');
  });

  it('holds a sibling that is being asked for, and no question that was not taken', () => {
    const sibling = siblingOf(tree[2]!, 'k', 'i', 0);
    expect(shown([...tree.slice(0, 3), sibling])).toBe('t1 t2 k/2');
    expect(shown([...tree.slice(0, 3), { ...sibling, status: 'refused' }])).toBe('t1 t2 t3');
    expect(shown([...tree.slice(0, 3), { ...sibling, again_of: '' }])).toBe('t1 t2 t3');
    expect(shown([...tree.slice(0, 3), { ...sibling, again_of: '', edit_of: 't3' }])).toBe('t1 t2 k/2');
  });
});
