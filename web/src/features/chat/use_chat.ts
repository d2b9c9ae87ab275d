import { useEffect, useState, useSyncExternalStore } from 'react';
import type { Reader } from '../../lib/reader';
import { ChatSession } from './chat_session';
import type { ChatState } from './chat_state';
import { makeChatStore } from './chat_store';

export interface Chat {
  session: ChatSession;
  state: ChatState;
}

/** This reader's conversations, for as long as the page is shown. Another reader needs another component. */
export function useChat(reader: Reader): Chat {
  const [session] = useState(() => new ChatSession(reader.user_id, makeChatStore(reader.tab, reader.long)));
  const state = useSyncExternalStore(session.subscribe, session.getState);
  useEffect(() => {
    session.start();
    return () => session.close();
  }, [session]);
  return { session, state };
}
