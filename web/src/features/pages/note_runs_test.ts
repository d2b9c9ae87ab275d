import { expect, it } from 'vitest';
import { noteRuns } from './note_runs';

const page = (id: string) => ({ page_id: id, label: id, page_version: 1 });

it('lets sentences of the same pages share their citation', () => {
  expect(
    noteRuns([
      { text: 'It rains.', citations: [page('1')] },
      { text: 'It pours.', citations: [page('1')] },
      { text: 'The wind rises.', citations: [page('1'), page('2')] },
      { text: 'It rains.', citations: [page('1')] },
    ]),
  ).toEqual([
    { text: 'It rains. It pours.', citations: [page('1')] },
    { text: 'The wind rises.', citations: [page('1'), page('2')] },
    { text: 'It rains.', citations: [page('1')] },
  ]);
  expect(noteRuns([])).toEqual([]);
});
