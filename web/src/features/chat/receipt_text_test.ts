import { describe, expect, it } from 'vitest';
import { isSmallLocalModel, pricePhrase, receiptText, seconds } from './receipt_text';

describe('receiptText', () => {
  it.each([
    [{ charged: 5, released: 0, balance: 95 }, '5 credits, 95 left'],
    [{ charged: 1, released: 0, balance: 0 }, '1 credit, 0 left'],
    [{ charged: 3, released: 2, balance: 7 }, '3 credits, 2 given back, 7 left'],
    [{ charged: 0, released: 5, balance: 100 }, 'nothing charged, 5 credits given back, 100 left'],
    [{ charged: 0, released: 0, balance: 100 }, 'free, 100 left'],
  ])('%j', (receipt, text) => {
    expect(receiptText({ held: 5, rule: 'complete: charged in full', ...receipt })).toBe(text);
  });
});

describe('pricePhrase', () => {
  it.each([[5, ', for 5 credits'], [1, ', for 1 credit'], [0, '']])('%i', (held, text) => {
    expect(pricePhrase({ held, charged: 0, released: held, balance: 9, rule: 'complete: charged in full' })).toBe(text);
  });

  it('says nothing of what is not known', () => {
    expect(pricePhrase(undefined)).toBe('');
  });
});

describe('seconds', () => {
  it.each([[0, '0.0 s'], [1249, '1.2 s'], [9949, '9.9 s'], [9960, '10 s'], [61_400, '61 s']])('%i', (ms, text) => {
    expect(seconds(ms)).toBe(text);
  });
});

describe('isSmallLocalModel', () => {
  it.each([
    ['local', 'SmolLM2-135M-Instruct-Q4_0.gguf', true],
    ['local', 'smollm2', true],
    ['local', 'Qwen2.5-0.5B-Instruct', true],
    ['local', 'Meta-Llama-3-8B-Instruct.Q4_K_M.gguf', false],
    ['local', 'mistral-7b', false],
    ['ollama', 'smollm2:135m', false],
  ])('%s %s', (provider, model, small) => {
    expect(isSmallLocalModel({ provider, model })).toBe(small);
  });
});
