import { useCallback, useState, type ReactElement } from 'react';
import { PageChip } from '../../components/page_chip';
import { listNotes, listNoteVersions, loadNoteVersion } from '../../lib/api';
import type { Note, NoteVersion, Page } from '../../lib/api_types';
import { useLoaded } from '../../lib/use_loaded';
import { timeOrDay } from '../../lib/when';
import { noteRuns } from './note_runs';
import './page_notes.css';

export interface PageNotesProps {
  page: Page;
  onOpenPage: (pageId: string, mark: string) => void;
}

/** What the book wrote about this page at night, under it and told apart from it; nothing where there is none. */
export function PageNotes({ page, onOpenPage }: PageNotesProps): ReactElement | null {
  const { id, world } = page;
  const load = useCallback((signal: AbortSignal) => listNotes(id, world, signal), [id, world]);
  const { loaded } = useLoaded(load);
  // A page can be read without its notes.
  if (loaded.state !== 'ready' || loaded.value.length === 0) return null;
  return (
    <section className="notes" aria-label="Notes on this page">
      {loaded.value.map((note) => (
        <NoteBlock key={note.id} newest={note} onOpenPage={onOpenPage} />
      ))}
    </section>
  );
}

function NoteBlock({ newest, onOpenPage }: { newest: Note; onOpenPage: PageNotesProps['onOpenPage'] }): ReactElement {
  const [shown, setShown] = useState(newest);
  const [open, setOpen] = useState(false);
  return (
    <aside className="note" aria-label="A note on the book">
      <p className="note-mark">{markOf(shown)}</p>
      <p className="note-text">
        {noteRuns(shown.sentences).map(({ text, citations }, i) => (
          <span key={i}>
            {text}{' '}
            {citations.map((citation) => {
              const mark = `p. ${citation.label || citation.page_id}`;
              return <PageChip key={citation.page_id} mark={mark} title="" onOpen={() => onOpenPage(citation.page_id, mark)} />;
            })}{' '}
          </span>
        ))}
      </p>
      {newest.version > 1 && (
        <details className="note-past" onToggle={(event) => setOpen(event.currentTarget.open)}>
          <summary>
            Version {shown.version} of {newest.version}
          </summary>
          {open && <Versions note={newest} shown={shown.version} onShow={setShown} />}
        </details>
      )}
    </aside>
  );
}

interface VersionsProps {
  note: Note;
  shown: number;
  onShow: (note: Note) => void;
}

function Versions({ note, shown, onShow }: VersionsProps): ReactElement {
  const load = useCallback((signal: AbortSignal) => listNoteVersions(note.id, signal), [note.id]);
  const { loaded } = useLoaded(load);
  const [trouble, setTrouble] = useState('');
  if (loaded.state === 'loading') return <p role="status">Finding them…</p>;
  if (loaded.state === 'failed') return <p role="alert">{loaded.message}</p>;
  const show = (version: number) =>
    loadNoteVersion(note.id, version).then(
      (found) => {
        setTrouble('');
        onShow(found);
      },
      (error: unknown) => setTrouble(error instanceof Error ? error.message : String(error)),
    );
  return (
    <>
      <ol className="note-versions" reversed>
        {[...loaded.value].reverse().map((version) => (
          <li key={version.version} value={version.version}>
            <button type="button" aria-pressed={version.version === shown} onClick={() => void show(version.version)}>
              {lineOf(version)}
            </button>
          </li>
        ))}
      </ol>
      {trouble !== '' && <p role="alert">{trouble}</p>}
    </>
  );
}

function markOf(note: Note): string {
  const when = timeOrDay(new Date(note.created), new Date());
  const what = note.kind === 'extract' ? 'Written by the book at night · an extract of its own lines' : 'Written by the book at night';
  return `${what} · ${when}`;
}

function lineOf(version: NoteVersion): string {
  const when = timeOrDay(new Date(version.created), new Date());
  if (version.reverted_to !== null) return `${when}, version ${version.reverted_to} again`;
  return version.kind === 'extract' ? `${when}, an extract` : when;
}
