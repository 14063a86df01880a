import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { RequestListener } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Docker from 'dockerode';
import { onTestFinished } from 'vitest';

/** For what no real engine does when it is asked to: something that answers at an engine's socket as the test says. */
export async function engineAnswering(answer: RequestListener): Promise<{ docker: Docker; socketPath: string }> {
  const dir = mkdtempSync(join(tmpdir(), 'coop-answering-'));
  const server = createServer(answer);
  const socketPath = join(dir, 'engine.sock');
  await once(server.listen(socketPath), 'listening');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
    rmSync(dir, { recursive: true });
  });
  return { docker: new Docker({ socketPath }), socketPath };
}
