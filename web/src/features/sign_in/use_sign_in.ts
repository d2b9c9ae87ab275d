import { useEffect, useState, useSyncExternalStore } from 'react';
import { SignInSession, type Standing } from './sign_in_session';

/** Who is signed in, looked up again whenever the reader comes back to the page. */
export function useSignIn(): { session: SignInSession; standing: Standing } {
  const [session] = useState(() => new SignInSession());
  const standing = useSyncExternalStore(session.subscribe, session.getStanding);
  useEffect(() => session.start(), [session]);
  const signedIn = standing.state === 'in' && standing.reader.signed_in;
  useEffect(() => {
    if (!signedIn) return undefined;
    const onVisible = () => document.hidden || void session.check();
    document.addEventListener('visibilitychange', onVisible);
    return () => document.removeEventListener('visibilitychange', onVisible);
  }, [session, signedIn]);
  return { session, standing };
}
