import { expect, it } from 'vitest';
import { timeOrDay } from './when';

const now = new Date(2026, 4, 9, 18, 30);

it.each([
  [new Date(2026, 4, 9, 7, 5), '07:05'],
  [new Date(2026, 4, 8, 23, 59), '8 May'],
  [new Date(2025, 4, 9, 18, 30), '9 May 2025'],
  [new Date(NaN), ''],
])('%s', (moment, text) => {
  expect(timeOrDay(moment, now, 'en-GB')).toBe(text);
});
