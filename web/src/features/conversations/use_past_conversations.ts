import { useCallback, useEffect, useRef, useState } from 'react';
import { deleteConversation, listConversations } from '../../lib/api';
import type { Conversation } from '../../lib/api_types';
import { isUnauthorized, problemStatus, sentenceFor } from '../../lib/http';
import type { Reader } from '../../lib/reader';
import { mergedPages } from './merged_pages';

const pageSize = 30;
/** The server gives no more at once. */
const mostAtOnce = 200;
const stillWriting = 'A reply of this conversation is being written. Stop it or wait for its end, then delete.';

export interface PastConversations {
  /** Undefined until the server has told it. */
  list: readonly Conversation[] | undefined;
  /** There are older ones. */
  more: boolean;
  /** Why the list, or a deletion, failed; a sentence. */
  trouble: string;
  loadMore: () => void;
  /** Whether it is gone. */
  remove: (conversationId: string) => Promise<boolean>;
}

/** The reader's conversations, newest first; read anew whenever `version` changes or the reader comes back. */
export function usePastConversations(reader: Reader, version: number): PastConversations {
  const userId = reader.user_id;
  const [list, setList] = useState<readonly Conversation[]>();
  const [next, setNext] = useState<string | null>(null);
  const [trouble, setTrouble] = useState('');
  const length = useRef(0);
  length.current = list?.length ?? 0;

  useEffect(() => {
    let current = true;
    const limit = Math.min(Math.max(length.current, pageSize), mostAtOnce);
    void listConversations(reader.user_id, limit).then((outcome) => {
      if (!current) return;
      // That a session has ended is said at the head of the page.
      setTrouble(outcome.kind === 'ok' || isUnauthorized(outcome) ? '' : sentenceFor(outcome));
      if (isUnauthorized(outcome)) setList((before = []) => before);
      if (outcome.kind !== 'ok') return;
      setList(outcome.answer.conversations);
      setNext(outcome.answer.next);
    });
    return () => {
      current = false;
    };
  }, [reader, version]);

  const loadMore = useCallback(() => {
    if (next === null) return;
    void listConversations(userId, pageSize, next).then((outcome) => {
      setTrouble(outcome.kind === 'ok' ? '' : sentenceFor(outcome));
      if (outcome.kind !== 'ok') return;
      setList((before = []) => mergedPages(before, outcome.answer.conversations));
      setNext(outcome.answer.next);
    });
  }, [userId, next]);

  const remove = useCallback(async (conversationId: string) => {
    const outcome = await deleteConversation(conversationId);
    const status = problemStatus(outcome);
    const trouble = outcome.kind === 'ok' || status === 404 ? '' : status === 409 ? stillWriting : sentenceFor(outcome);
    // One that is not there any more is as good as deleted.
    const gone = trouble === '';
    setTrouble(trouble);
    if (gone) setList((before) => before?.filter((conversation) => conversation.conversation_id !== conversationId));
    return gone;
  }, []);

  return { list, more: next !== null, trouble, loadMore, remove };
}
