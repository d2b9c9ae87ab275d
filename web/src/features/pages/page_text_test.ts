import { describe, expect, it } from 'vitest';
import { markPage } from './page_text';

const text = '🜁 First line,\nsame paragraph.\n\n  Second. Third.  \n \nLast.\n';
const marked = (page: ReturnType<typeof markPage>) =>
  page.paragraphs.map((runs) => runs.map((run) => (run.marked ? `<${run.text}>` : run.text)).join('|'));

function spanOf(words: string) {
  const start = Array.from(text.slice(0, text.indexOf(words))).length;
  return { start, end: start + Array.from(words).length, text: words };
}

describe('markPage', () => {
  it('marks by code points, after a letter outside the basic plane', () => {
    const page = markPage(text, spanOf('Second.'));
    expect(page.found).toBe('in place');
    expect(marked(page)).toEqual(['🜁 First line,\nsame paragraph.', '<Second.>| Third.', 'Last.']);
  });

  it('marks across paragraphs', () => {
    expect(marked(markPage(text, spanOf('paragraph.\n\n  Second.')))).toEqual([
      '🜁 First line,\nsame |<paragraph.>', '<Second.>| Third.', 'Last.',
    ]);
  });

  it('finds the words again on a page that has changed', () => {
    const page = markPage(text, { start: 0, end: 5, text: 'Third.' });
    expect(page.found).toBe('elsewhere');
    expect(marked(page)[1]).toBe('Second. |<Third.>');
  });

  it('marks nothing where the words are gone', () => {
    const page = markPage(text, { start: 0, end: 5, text: 'Fourth.' });
    expect(page.found).toBe('absent');
    expect(marked(page).join('')).not.toContain('<');
    expect(markPage('', { start: 0, end: 0, text: '' })).toEqual({ paragraphs: [], found: 'in place' });
  });
});
