// Between a request that is refused for want of a sign-in and whoever can ask the reader for one. Nothing here knows how that is
// done; without a keeper such a request stays refused.

export interface GateKeeper {
  /** Has the reader sign in: true once the same reader is in again, false where he would not or another one came. */
  again(): Promise<boolean>;
  /** Asks nobody: when the same reader is in again. */
  untilBack(): Promise<void>;
  /** Asks nobody: the session has ended, as something found that the reader does not wait for. */
  ended(): void;
}

let keeper: GateKeeper | undefined;

/** At most one at a time; gives the way to take it out again. */
export function keepGate(by: GateKeeper): () => void {
  keeper = by;
  return () => {
    if (keeper === by) keeper = undefined;
  };
}

/** Whether the request may go out once more. Not where its caller has left meanwhile. */
export async function signedInAgain(signal?: AbortSignal | null): Promise<boolean> {
  const again = (await keeper?.again()) ?? false;
  return again && !signal?.aborted;
}

/** A request that the reader did not make was refused. */
export function noticeSignedOut(): void {
  keeper?.ended();
}

/** For what can wait as long as it takes: asks the reader once, and then waits until he signs in by himself or `signal` ends it. */
export async function untilSignedIn(signal: AbortSignal): Promise<void> {
  if (keeper === undefined || (await signedInAgain(signal)) || signal.aborted) return;
  const left = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
  await Promise.race([keeper?.untilBack(), left]);
}
