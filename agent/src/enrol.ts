import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { MachineFacts } from '@gpucoop/protocol/agent-api.ts';
import { EnrolResponse } from '@gpucoop/protocol/agent-api.ts';
import { enrolMessage } from '@gpucoop/protocol/evidence.ts';
import { CoopError } from '@gpucoop/protocol/problem.ts';
import { openKey, readConfig, writeConfig, type AgentConfig } from './config.ts';
import { assertProtected, postJson } from './server-connection.ts';
import { writeTerms } from './terms.ts';

export type EnrolOptions = {
  stateDir: string;
  server: string;
  token: string;
  name: string;
  /** The server's own certificate; null: a public one, or plain HTTP on loopback. */
  caFile: string | null;
  engine: AgentConfig['engine'];
  engineSocket: string | null;
  detectFacts(): Promise<MachineFacts>;
};

/** Makes this computer a machine of the network. The key is on the disk before the server hears of it, so a crash loses nothing. */
export async function enrol(options: EnrolOptions): Promise<AgentConfig> {
  const { stateDir, token, name } = options;
  await assertNotEnrolled(stateDir);
  const address = {
    server: parseServer(options.server),
    tls: options.caFile === null ? null : await readCertificate(options.caFile),
  };
  assertProtected(address);
  const facts = await options.detectFacts();
  const signer = await openKey(stateDir);
  const signature = Buffer.from(signer.sign(enrolMessage({ token, public_key: signer.publicKey }))).toString('hex');
  const request = { token, public_key: signer.publicKey, name, facts, signature };
  const { machine_id, server_name, terms } = EnrolResponse.parse(await postJson(address, '/v1/enrol', request, 30_000));
  const config = {
    ...address,
    server_name,
    machine_id,
    name,
    engine: options.engine,
    engine_socket: options.engineSocket,
  };
  await writeConfig(stateDir, config);
  await writeTerms(stateDir, terms);
  return config;
}

async function assertNotEnrolled(stateDir: string): Promise<void> {
  const config = await readConfig(stateDir).catch((error: unknown) => {
    if (error instanceof CoopError && error.code === 'not_found') return undefined;
    throw error;
  });
  if (config === undefined) return;
  throw new CoopError('wrong_state', `This computer is already machine ${config.machine_id} of ${config.server}.`, {
    hint: 'Run it with `coop-agent run`, or leave that network first: coop-agent uninstall',
  });
}

function parseServer(text: string): string {
  try {
    return new URL(text).origin;
  } catch {
    throw new CoopError('invalid_request', `${text} is not an address.`, {
      at: '--server',
      hint: 'Such as https://coop.example:7070',
    });
  }
}

async function readCertificate(path: string): Promise<{ certificate: string; fingerprint: string }> {
  try {
    const certificate = new X509Certificate(await readFile(path));
    return { certificate: certificate.toString(), fingerprint: certificate.fingerprint256 };
  } catch (error) {
    throw new CoopError('invalid_request', `${path} is no certificate that can be read.`, { at: '--ca', cause: error });
  }
}
