import type { ReactElement } from 'react';
import { Notice } from '../components/notice';
import { Account } from '../features/sign_in/account';
import { SignInDialog } from '../features/sign_in/sign_in_dialog';
import { SignInPage } from '../features/sign_in/sign_in_page';
import { useSignIn } from '../features/sign_in/use_sign_in';
import { listCharacters } from '../lib/api';
import { ReaderContext, type Reader } from '../lib/reader';
import { useLoaded } from '../lib/use_loaded';
import { Book } from './book';

/** The book of whoever reads; a sign-in where the server wants one. */
export function App(): ReactElement {
  const { session, standing } = useSignIn();
  const signIn = (pasted: string) => session.signIn(pasted);
  if (standing.state === 'unknown') return <Notice title="Opening the book…" />;
  if (standing.state === 'failed') {
    return <Notice title="The book does not open." text={standing.message} onRetry={() => session.retry()} />;
  }
  if (standing.state === 'out') return <SignInPage onSignIn={signIn} />;
  const { reader } = standing;
  const account = reader.signed_in ? (
    <Account
      reader={reader}
      ended={standing.session !== 'good'}
      onSignInAgain={() => session.askNow()}
      onSignOut={() => session.signOut()}
    />
  ) : undefined;
  return (
    <ReaderContext value={reader}>
      <Library key={reader.user_id} reader={reader} account={account} />
      {standing.session === 'ended' && <SignInDialog reader={reader} onSignIn={signIn} onLater={() => session.later()} />}
    </ReaderContext>
  );
}

function Library({ reader, account }: { reader: Reader; account: ReactElement | undefined }): ReactElement {
  const { loaded: cast, reload } = useLoaded(listCharacters);
  if (cast.state === 'loading') return <Notice title="Opening the book…" />;
  if (cast.state === 'failed') return <Notice title="The book does not open." text={cast.message} onRetry={reload} />;
  if (cast.value.length === 0) {
    const text = 'No world is loaded. Make one with: gibsey ingest --world NAME FILE';
    return <Notice title="This book has no characters yet." text={text} onRetry={reload} />;
  }
  return <Book reader={reader} characters={cast.value} account={account} />;
}
