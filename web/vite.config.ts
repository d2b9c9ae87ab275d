import react from '@vitejs/plugin-react';
import { defineConfig } from 'vitest/config';

// In development the page comes from Vite and the answers from a running `gibsey serve`.
const server = process.env.GIBSEY_URL ?? 'http://127.0.0.1:8002';

export default defineConfig({
  plugins: [react()],
  server: {
    proxy: Object.fromEntries(
      ['/v1', '/characters', '/pages', '/ledger'].map((path) => [
        path,
        {
          target: server,
          changeOrigin: true,
          // The server answers its own page only. Requests of the page under development are presented as
          // such; a foreign Origin is passed on unchanged and refused there.
          configure: (proxy) =>
            proxy.on('proxyReq', (outgoing, incoming) => {
              if (incoming.headers.origin === `http://${incoming.headers.host}`) {
                outgoing.setHeader('origin', server);
              }
            }),
        },
      ]),
    ),
  },
  build: {
    outDir: 'dist',
    target: 'es2022',
    sourcemap: false,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  // A busy machine is no failure.
  test: { environment: 'node', include: ['src/**/*_test.ts'], testTimeout: 60_000 },
});
