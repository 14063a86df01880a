import type { Logger } from 'pino';
import type { Signer } from '@gpucoop/protocol/evidence.ts';
import { agentApi } from './api/api.ts';
import type { AgentConfig } from './config.ts';
import type { DetectOptions } from './devices/detect.ts';
import { runDoctor } from './doctor.ts';
import type { Engine } from './engine/engine.ts';
import { openEventStream } from './event-stream.ts';
import { openJournal } from './journal.ts';
import { openLeaseRecords } from './lease-record.ts';
import { watchLeases } from './lease-watch.ts';
import { openLeases } from './leases.ts';
import type { LeaseTiming } from './lease.ts';
import { keepLink, type LinkState, type LinkTiming } from './link.ts';
import { machineClock } from './machine-clock.ts';
import { writeStatus } from './status.ts';
import { openSurvey } from './survey.ts';
import { readTerms, writeTerms } from './terms.ts';

export type AgentOptions = {
  stateDir: string;
  config: AgentConfig;
  signer: Signer;
  engine: Engine;
  detect: DetectOptions;
  log: Logger;
  timing?: { link?: Partial<LinkTiming>; lease?: Partial<LeaseTiming>; upkeepMs?: number; watchMs?: number };
};

/** `told`: the server sent the machine away; its leases are ended and removed. `refused`: it does not know this machine any more. */
export type AgentEnd = 'told' | 'refused';

export type Agent = {
  /** Resolves when the machine is out of the network and no lease runs here any more. */
  ended: Promise<AgentEnd>;
  /** Lets go of everything but the engine, which is the caller's; containers run on. */
  close(): Promise<void>;
};

/** How long the last meter lines may take to be acknowledged when the machine leaves. */
const FAREWELL_MS = 10_000;
const UPKEEP_MS = 30_000;

/** The agent, wired by hand. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const { stateDir, config, signer, engine, log, timing = {} } = options;
  const clock = machineClock();
  let linkState: LinkState = { state: 'connecting', detail: null };
  let closed = false;
  let closedOff = false;
  let end: (reason: AgentEnd) => void;
  const ended = new Promise<AgentEnd>((resolve) => (end = resolve));

  const journal = await openJournal({ stateDir, log, onAppend: () => events.journalGrew() });
  const records = await openLeaseRecords(stateDir, log);
  // Leases that are taken up may speak before the rest stands; `events` drops what nobody listens to yet.
  const events = openEventStream({
    journal,
    clock,
    reports: () => leases?.reports() ?? [],
    facts: () => survey.facts(),
    cpuOwnerBusy: () => survey.cpuOwnerBusy(),
  });
  const leases = await openLeases({
    engine,
    records,
    journal,
    signer,
    clock,
    stateDir,
    log,
    onChange: () => events.changed(),
    onProgress: () => events.progressed(),
    ...(timing.lease !== undefined && { timing: timing.lease }),
  });
  const survey = await openSurvey({
    engine,
    detect: options.detect,
    leases: () => leases.all(),
    onFactsChange: () => events.factsChanged(),
    onUseChange: () => events.changed(),
    log,
  });
  const watch = watchLeases({
    leases: () => leases.all(),
    engine,
    diskLimit: () => survey.facts().engine.disk_limit,
    loads: () => survey.use().devices,
    log,
    ...(timing.watchMs !== undefined && { intervalMs: timing.watchMs }),
  });

  let upkeepTimer: NodeJS.Timeout | undefined;
  let upkeepDone: Promise<void> = upkeep();
  const serveStream = agentApi({
    leases,
    engine,
    events,
    setTerms: (terms) => writeTerms(stateDir, terms),
    doctor: async () =>
      runDoctor({
        ...options.detect,
        stateDir,
        server: config,
        engine: () => engine.info(),
        terms: await readTerms(stateDir),
      }),
    remove: () =>
      void leave().catch((error: unknown) => log.error({ err: error }, 'the machine could not be left clean')),
    log,
  });
  const link = keepLink({
    address: config,
    signer,
    onStream: serveStream,
    onState: (state) => {
      linkState = state;
      tellStatus();
      if (state.state === 'up') log.info({ server: config.server }, 'connected');
      if (state.state === 'removed') void leaveWhenIdle();
    },
    random: Math.random,
    log,
    ...(timing.link !== undefined && { timing: timing.link }),
  });

  return { ended, close };

  async function close(): Promise<void> {
    if (closed) return;
    closed = true;
    clearTimeout(upkeepTimer);
    watch.stop();
    // The lease steps first: what they still write goes into the journal, and their last state to the server.
    await leases.detach();
    await link.close();
    events.close();
    await survey.stop();
    await upkeepDone;
    await journal.close();
  }

  /** Level-triggered care, whatever happened meanwhile. The first time the rules are made, afterwards they are put back. */
  async function upkeep(): Promise<void> {
    try {
      const { restored } = await engine.reassert();
      if (restored.length > 0 && closedOff) log.warn({ restored }, 'isolation was put back');
      closedOff = true;
      await leases.reconcile();
    } catch (error) {
      log.warn({ err: error }, 'the engine could not be looked after');
    }
    await survey.refresh();
    tellStatus();
    if (!closed) upkeepTimer = setTimeout(() => (upkeepDone = upkeep()), timing.upkeepMs ?? UPKEEP_MS);
  }

  function tellStatus(): void {
    const states = leases.all().map((lease) => ({ id: lease.id, state: lease.report().state }));
    void writeStatus(stateDir, {
      link: linkState,
      at: clock.now().toISOString(),
      engine: survey.facts().engine,
      leases: states,
    }).catch((error: unknown) => log.debug({ err: error }, 'the status could not be written'));
  }

  /** The server's word: end all, and send the last lines. */
  async function leave(): Promise<void> {
    log.info('this machine was removed from the network; ending what runs');
    await leases.removeAll();
    const deadline = performance.now() + FAREWELL_MS;
    while (journal.unacknowledged(0).length > 0 && performance.now() < deadline)
      await new Promise((resolve) => setTimeout(resolve, 50));
    await close();
    end('told');
  }

  /** Nobody steers the leases any more, but they are not ours to kill. */
  async function leaveWhenIdle(): Promise<void> {
    await Promise.all(leases.all().map((lease) => lease.run()));
    end('refused');
  }
}
