import { StrictMode } from 'react';
import { createRoot } from 'react-dom/client';
import { FailureBoundary } from '../components/failure_boundary';
import { App } from './app';
import './theme.css';
import './app.css';

createRoot(document.getElementById('root')!).render(
  <StrictMode>
    <FailureBoundary>
      <App />
    </FailureBoundary>
  </StrictMode>,
);
