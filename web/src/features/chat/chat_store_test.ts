import { describe, expect, it } from 'vitest';
import { memoryStore } from '../../../testing/memory_store';
import { makeChatStore } from './chat_store';
import { newTurn } from './turn';

const turn = (key: string, now: number) =>
  newTurn({
    key, now, idempotency_key: 'i', user_id: 'u', character: { char_id: 'a', world: 'w' }, question: `${key}?`,
    conversation_id: '', parent_id: '', page_id: '',
  });

describe('the store', () => {
  it('keeps questions by themselves, in the order in which they were asked', () => {
    const tab = memoryStore();
    const store = makeChatStore(tab, memoryStore());
    const [one, two] = [turn('k1', 2), turn('k2', 1)];
    store.saveUnsent([one, two], []);
    expect(store.loadUnsent()).toEqual([two, one]);
    tab.set('gibsey.unsent.k1', '{"key":');
    tab.set('gibsey.unsent.k3', '{"key":"k3"}');
    expect(store.loadUnsent()).toEqual([two]);
    store.saveUnsent([], [two]);
    expect(store.loadUnsent()).toEqual([]);
  });

  it('gives a new tab the conversations of the last one, and a tab its own', () => {
    const long = memoryStore();
    const [one, two] = [memoryStore(), memoryStore()];
    makeChatStore(one, long).saveOpen({ arieol: 'c1' });
    expect(makeChatStore(two, long).loadOpen()).toEqual({ arieol: 'c1' });
    makeChatStore(two, long).saveOpen({ arieol: 'c2' });
    expect(makeChatStore(one, long).loadOpen()).toEqual({ arieol: 'c1' });
    one.set('gibsey.open', '[1');
    expect(makeChatStore(one, long).loadOpen()).toEqual({});
  });
});
