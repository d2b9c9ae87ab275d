import { useEffect, useState, useSyncExternalStore } from 'react';
import { readerId } from '../../lib/storage';
import { ChatSession } from './chat_session';
import type { ChatState } from './chat_state';
import { makeChatStore } from './chat_store';

export interface Chat {
  session: ChatSession;
  state: ChatState;
}

/** The page's conversations, for as long as the page is shown. */
export function useChat(): Chat {
  const [session] = useState(() => new ChatSession(readerId(), makeChatStore()));
  const state = useSyncExternalStore(session.subscribe, session.getState);
  useEffect(() => {
    session.start();
    return () => session.close();
  }, [session]);
  return { session, state };
}
