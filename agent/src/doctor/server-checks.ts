import http from 'node:http';
import https from 'node:https';
import type { DoctorCheck } from '@gpucoop/protocol/resources.ts';
import { pinnedTls, type ServerAddress } from '../server-connection.ts';
import { failed, ok, warning } from './check.ts';

export async function serverChecks(address: ServerAddress | null): Promise<DoctorCheck[]> {
  if (address === null) {
    return [
      failed(
        'server',
        'this machine is not enrolled',
        'Ask for the join line with: coop machine add   and run it here',
      ),
    ];
  }
  const { origin } = new URL(address.server);
  try {
    const { roundTripMs, offsetMs } = await askTime(address);
    return [
      ok('server', `${origin} answers in ${Math.round(roundTripMs)} ms`),
      ...(offsetMs === null ? [] : [clock(offsetMs, roundTripMs)]),
    ];
  } catch (error) {
    return [
      failed('server', `${origin}: ${(error as Error).message}`, serverHint(error as NodeJS.ErrnoException, origin)),
    ];
  }
}

const CLOCK_WARN_MS = 5_000;
const CLOCK_FAIL_MS = 60_000;

/** `offsetMs`: how far this machine's clock is ahead of the server's. HTTP tells whole seconds only. */
export function clock(offsetMs: number, roundTripMs: number): DoctorCheck {
  const uncertaintyMs = 1000 + roundTripMs;
  const found = `${(Math.abs(offsetMs) / 1000).toFixed(1)} s ${offsetMs > 0 ? 'ahead of' : 'behind'} the server's`;
  const hint = 'sudo timedatectl set-ntp true   (if this clock is right, it is the server that is wrong)';
  if (Math.abs(offsetMs) > CLOCK_FAIL_MS + uncertaintyMs) return failed('clock', found, hint);
  if (Math.abs(offsetMs) > CLOCK_WARN_MS + uncertaintyMs) return warning('clock', found, hint);
  return ok('clock', "agrees with the server's");
}

type Answer = { roundTripMs: number; offsetMs: number | null };

/** Any answer at all shows that the server is reached; its Date header shows its clock. */
function askTime(address: ServerAddress): Promise<Answer> {
  const url = new URL(address.server);
  const startedMs = performance.now();
  return new Promise((resolve, reject) => {
    const request = (url.protocol === 'https:' ? https : http).request(url, {
      method: 'HEAD',
      agent: false,
      signal: AbortSignal.timeout(10_000),
      ...pinnedTls(address),
    });
    request.on('error', reject);
    request.on('response', (response) => {
      response.resume();
      const roundTripMs = performance.now() - startedMs;
      const serverMs = Date.parse(response.headers.date ?? '');
      // The header is cut to the second: on average half of one is missing.
      const offsetMs = Number.isNaN(serverMs) ? null : Date.now() - roundTripMs / 2 - (serverMs + 500);
      resolve({ roundTripMs, offsetMs });
    });
    request.end();
  });
}

function serverHint(error: NodeJS.ErrnoException, origin: string): string {
  const { code = '', message } = error;
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN')
    return `This machine cannot resolve the name: getent hosts ${new URL(origin).hostname}`;
  if (/CERT|SELF_SIGNED|TLS/.test(code) || /certificate/i.test(message)) {
    return 'The server shows another certificate than at enrolment. If its operator replaced it on purpose, run a new join command';
  }
  if (code === 'ECONNREFUSED') return 'Nothing listens there: is the server running, and was it started with --listen?';
  return `See how far it gets: curl -v ${origin}   The agent needs outbound connections only`;
}
