import type { Logger } from 'pino';
import type { LeaseReport } from '@gpucoop/protocol/agent-api.ts';
import type { Signer, Statement } from '@gpucoop/protocol/evidence.ts';
import type { EndReason } from '@gpucoop/protocol/reasons.ts';
import { abortable } from './abortable.ts';
import { askPatiently } from './engine-patience.ts';
import { EngineError } from './engine/engine-error.ts';
import type { ContainerState, Engine } from './engine/engine.ts';
import type { Journal } from './journal.ts';
import { withoutSecrets, type LeaseRecord, type LeaseRecords } from './lease-record.ts';
import { leaseReport, type LeaseProgress } from './lease-report.ts';
import { endReasonOf, instantNow, printable, servedMs, servedMsAtEnd, startInstant } from './lease-rules.ts';
import type { MachineClock } from './machine-clock.ts';
import { openMeter, type Meter } from './meter.ts';
import { prepareContainer } from './prepare-container.ts';
import { answersBeforeEnd, untilAnswers } from './probe.ts';
import { openServedMark, type ServedMark } from './served-mark.ts';

export type LeaseDependencies = {
  engine: Engine;
  records: LeaseRecords;
  journal: Journal;
  signer: Signer;
  clock: MachineClock;
  stateDir: string;
  onChange(): void;
  /** Phases and bytes of a pull: worth telling, but not at once. A start from a cached image is over before. */
  onProgress(): void;
  log: Logger;
  timing?: Partial<LeaseTiming>;
};

export type LeaseTiming = {
  /** Between two meter lines that are kept as evidence. */
  meterMs: number;
  /** Before the engine is asked again after it failed. */
  engineRetryMs: number;
  /** For an engine that does not let go of what it was asked to abort. */
  abortMs: number;
};

const defaultTiming: LeaseTiming = { meterMs: 60_000, engineRetryMs: 2000, abortMs: 10_000 };

const STOP = new Error('the lease is to stop');
const DETACH = new Error('the agent stops; the container runs on');

/**
 * One lease on this machine, from order to end. `run` goes through the steps from wherever the record says that it stands, so that it
 * serves a new lease and one taken up after the agent was killed alike. Every step has a limit and leads to the next or to the end.
 */
export class Lease {
  readonly id: string;
  #record: LeaseRecord;
  readonly #deps: LeaseDependencies;
  readonly #timing: LeaseTiming;
  readonly #log: Logger;
  readonly #mark: ServedMark;
  readonly #meter: Meter;
  readonly #stopping = new AbortController();
  readonly #detaching = new AbortController();
  readonly #interrupt = AbortSignal.any([this.#stopping.signal, this.#detaching.signal]);
  #progress: LeaseProgress = { phase: null, pulled_bytes: null, total_bytes: null };
  #line: Statement<'meter'> | null = null;
  #saving: Promise<void> = Promise.resolve();
  #work: Promise<void> | undefined;
  #meterTimer: NodeJS.Timeout | undefined;
  #marking: Promise<void> | undefined;
  /** This agent saw the container run, so that "now" is a bound for when it ended. */
  #seenRunning = false;
  readonly #begun = Promise.withResolvers<void>();
  /** Measured from outside, where the engine only watches the disk. */
  diskUsedMib: number | null = null;

  constructor(record: LeaseRecord, deps: LeaseDependencies) {
    this.id = record.order.lease_id;
    this.#record = record;
    this.#deps = deps;
    this.#timing = { ...defaultTiming, ...deps.timing };
    this.#log = deps.log.child({ lease_id: this.id });
    this.#mark = openServedMark(deps.stateDir, this.id);
    this.#meter = openMeter(this.id, deps.signer, deps.clock, this.#mark);
    if (record.started || record.end !== null) this.#begun.resolve();
  }

  get record(): Readonly<LeaseRecord> {
    return this.#record;
  }

  get ended(): boolean {
    return this.#record.end !== null;
  }

  get ready(): boolean {
    return this.#record.ready !== null;
  }

  /** Resolves when the container is being started, or the lease has ended without. */
  get begun(): Promise<void> {
    return this.#begun.promise;
  }

  /** Starts, or goes on; resolves when the lease has ended or was detached. Never rejects. */
  run(): Promise<void> {
    this.#work ??= this.#run().finally(() => {
      clearInterval(this.#meterTimer);
      this.#mark.close();
    });
    return this.#work;
  }

  /** Asks it to end. Idempotent: the first reason stands; a shorter grace takes effect. */
  async stop(reason: EndReason, graceS: number): Promise<void> {
    if (this.ended) return;
    const asked = this.#record.stop;
    if (asked === null) {
      await this.#save({ stop: { reason, grace_s: graceS, asked_at: this.#deps.clock.now().toISOString() } });
      this.#log.info({ reason, grace_s: graceS }, 'lease is to stop');
      this.#stopping.abort(STOP);
      this.#deps.onChange();
    } else if (graceS < asked.grace_s) {
      await this.#save({ stop: { ...asked, grace_s: graceS } });
      const containerId = this.#record.container_id;
      if (containerId !== null) this.#deps.engine.stop(containerId, graceS).catch(() => undefined); // the first stop goes on trying
    }
  }

  /** Lets go of it; the container runs on and the next agent takes it up. */
  async detach(): Promise<void> {
    this.#detaching.abort(DETACH);
    await this.#work;
    await this.#saving;
  }

  /** Container, files and record. Only an ended one. */
  async remove(): Promise<void> {
    const containerId = this.#record.container_id ?? (await this.#findContainer());
    if (containerId !== undefined) await this.#deps.engine.remove(containerId);
    this.#mark.remove();
    await this.#save({ removed_at: this.#deps.clock.now().toISOString() });
    this.#deps.onChange();
  }

  /** A fresh line for a lease that is ready: the server always holds a signed sum for what it acknowledges. */
  report(): LeaseReport {
    const { container_id, end, ready } = this.#record;
    if (end === null && ready !== null && container_id !== null) {
      this.#line = this.#meter.line(container_id, this.#servedMs(), false);
    }
    return leaseReport(this.#record, this.#progress, this.#line, this.diskUsedMib);
  }

  async #run(): Promise<void> {
    try {
      if (this.ended) return await this.#journalEnd();
      if (this.#record.stop !== null) return await this.#carryOutStop();
      const containerId = await this.#prepare();
      await this.#start(containerId);
      await this.#becomeReady(containerId);
      await this.#end(await this.#awaitEnd(containerId));
    } catch (error) {
      if (this.#detaching.signal.aborted) return;
      await (this.#record.stop !== null ? this.#carryOutStop() : this.#fail(error)).catch((cause: unknown) => {
        if (this.#detaching.signal.aborted) return;
        this.#log.error(
          { err: cause },
          'a lease could not be ended; it is taken up again with the next start of the agent',
        );
      });
    }
  }

  async #prepare(): Promise<string> {
    const { order, container_id, started } = this.#record;
    if (container_id !== null && (started || (await this.#wasStarted(container_id)))) return container_id;
    this.#show('pulling');
    const containerId = await prepareContainer(this.#deps.engine, order, {
      onProgress: ({ phase, pulled_bytes, total_bytes }) => this.#show(phase, pulled_bytes, total_bytes),
      signal: this.#interrupt,
      abortMs: this.#timing.abortMs,
    });
    this.#record = { ...this.#record, container_id: containerId }; // written with the call of its start, below
    return containerId;
  }

  /** The agent may have been killed between asking for the start and hearing of it. What was made and not started is prepared again. */
  async #wasStarted(containerId: string): Promise<boolean> {
    if (this.#record.start_called === null) return false;
    const state = await this.#retrying(() => this.#deps.engine.inspect(containerId));
    if (state === undefined)
      throw new EngineError('container_vanished', 'The container was gone when the agent came back.');
    return state.state !== 'created';
  }

  async #start(containerId: string): Promise<void> {
    const { engine, clock } = this.#deps;
    if (this.#record.started) return;
    this.#show('starting');
    // Kept through a restart of the agent: the engine's start time is believed from here on, not from before.
    await this.#save({ start_called: this.#record.start_called ?? instantNow(clock) });
    this.#interrupt.throwIfAborted();
    const { start_timeout_s } = this.#record.order;
    const timeout = new AbortController();
    const late = new EngineError('start_timeout', `The container did not start within ${start_timeout_s} s.`);
    const timer = setTimeout(() => timeout.abort(late), start_timeout_s * 1000);
    this.#begun.resolve();
    try {
      // A stop waits for the start: a container that is being started cannot be stopped yet.
      await abortable(engine.start(containerId), AbortSignal.any([timeout.signal, this.#detaching.signal]));
    } finally {
      clearTimeout(timer);
    }
    this.#seenRunning = true;
    await this.#save({ started: true, order: withoutSecrets(this.#record.order) });
    this.#interrupt.throwIfAborted();
  }

  async #becomeReady(containerId: string): Promise<void> {
    if (this.#record.ready === null) {
      const { readiness, ready_timeout_s, billed_from_s } = this.#record.order;
      if (readiness.kind === 'started') {
        const state = await this.#retrying(() => this.#deps.engine.inspect(containerId));
        if (state === undefined)
          throw new EngineError('container_vanished', 'The container was gone right after its start.');
        if (state.started_at === null)
          throw new EngineError(state.reason ?? 'start_timeout', state.detail ?? 'The container did not start.');
        await this.#markReady(containerId, { startedAt: Date.parse(state.started_at) });
      } else {
        this.#show('probing');
        const late =
          billed_from_s === null ? undefined : setTimeout(() => this.#billUnready(containerId), billed_from_s * 1000);
        try {
          const answered = await answersBeforeEnd(
            (signal) => untilAnswers(this.#deps.engine, containerId, readiness, signal),
            (signal) => this.#awaitEnd(containerId, signal),
            { limitS: ready_timeout_s, signal: this.#interrupt },
          );
          if (answered) await this.#markReady(containerId);
        } finally {
          clearTimeout(late);
          await this.#marking; // whatever comes next sees whether it is billed
        }
        if (this.#progress.phase !== null) this.#show(null);
      }
    }
    // Also after a restart of the agent: it says that the meter goes on.
    if (this.#record.ready !== null) this.#keepMetering(containerId);
  }

  /** The time for starting is over, and the probe goes on: from now on the machine is paid, as for what is ready. */
  #billUnready(containerId: string): void {
    this.#markReady(containerId, { answers: false }).then(
      () => this.#keepMetering(containerId),
      (cause: unknown) => this.#log.error({ err: cause }, 'a lease that is not ready in time could not be billed'),
    );
  }

  #markReady(containerId: string, how: { startedAt?: number; answers?: false } = {}): Promise<void> {
    return (this.#marking ??= this.#writeReady(containerId, how));
  }

  async #writeReady(
    containerId: string,
    { startedAt, answers = true }: { startedAt?: number; answers?: boolean },
  ): Promise<void> {
    const { clock, journal } = this.#deps;
    const now = instantNow(clock);
    const startCalled = this.#record.start_called ?? now;
    const ready = startedAt === undefined ? now : startInstant(startCalled, now, clock.now().getTime() - startedAt);
    this.#line = this.#meter.line(containerId, 0, false);
    await journal.append(this.#line);
    await this.#save({ ready });
    if (answers) this.#progress = { ...this.#progress, phase: null };
    this.#log.info({ container_id: containerId }, answers ? 'lease is ready' : 'lease is late, and billed');
    this.#deps.onChange();
  }

  #keepMetering(containerId: string): void {
    const write = () => {
      this.#line = this.#meter.line(containerId, this.#servedMs(), false);
      void this.#deps.journal.append(this.#line);
    };
    this.#meterTimer ??= setInterval(write, this.#timing.meterMs);
  }

  async #awaitEnd(containerId: string, signal: AbortSignal = this.#interrupt): Promise<ContainerState> {
    if (!this.#seenRunning) {
      const state = await this.#retrying(() => this.#deps.engine.inspect(containerId), signal);
      if (state?.running) this.#seenRunning = true;
    }
    return this.#retrying(() => this.#deps.engine.wait(containerId, signal), signal);
  }

  #retrying<Result>(
    ask: () => Promise<Result>,
    signal: AbortSignal = this.#interrupt,
    again: 'unavailable' | 'whatever fails' = 'unavailable',
  ): Promise<Result> {
    return askPatiently(ask, { signal, again, retryMs: this.#timing.engineRetryMs, log: this.#log });
  }

  /** Goes on until it is done, through failures of the engine, or until the agent ends; the next agent takes it up again. */
  async #carryOutStop(): Promise<void> {
    const { engine } = this.#deps;
    const detaching = this.#detaching.signal;
    const containerId = this.#record.container_id ?? (await this.#retrying(() => this.#findContainer(), detaching));
    if (containerId === undefined) return this.#end(undefined);
    const state = await this.#retrying(
      async () => {
        if ((await engine.inspect(containerId)) === undefined) return undefined;
        await engine.stop(containerId, this.#record.stop?.grace_s ?? 0);
        return engine.inspect(containerId);
      },
      detaching,
      'whatever fails',
    );
    await this.#save({ container_id: containerId });
    await this.#end(state);
  }

  async #fail(error: unknown): Promise<void> {
    const known = error instanceof EngineError;
    if (!known) this.#log.error({ err: error }, 'a lease failed for a reason that is not foreseen');
    const reason = known ? error.reason : 'internal';
    const detail = error instanceof Error ? error.message : String(error);
    const containerId = this.#record.container_id ?? (await this.#findContainer().catch(() => undefined));
    if (containerId !== undefined && reason !== 'container_vanished')
      await this.#deps.engine.stop(containerId, 0).catch(() => undefined);
    const state =
      containerId === undefined ? undefined : await this.#deps.engine.inspect(containerId).catch(() => undefined);
    await this.#end(state, { reason, detail });
  }

  async #end(state: ContainerState | undefined, failure?: { reason: EndReason; detail: string }): Promise<void> {
    const { clock } = this.#deps;
    const { ready, stop, container_id } = this.#record;
    const vanished = { reason: stop?.reason ?? ('container_vanished' as const), detail: null };
    const { reason, detail } = failure ?? (state === undefined ? vanished : endReasonOf(state, stop));
    const now = clock.now();
    const finishedAt = state?.finished_at ?? null;
    // Gone while no agent looked: nobody knows when, and what was signed before stands.
    const endedAgoMs = finishedAt !== null ? now.getTime() - Date.parse(finishedAt) : this.#seenRunning ? 0 : Infinity;
    const served = ready === null ? 0 : servedMsAtEnd(ready, this.#meter.highestMs(), instantNow(clock), endedAgoMs);
    const meter = ready !== null && container_id !== null ? this.#meter.line(container_id, served, true) : null;
    await this.#save({
      order: withoutSecrets(this.#record.order),
      end: {
        at: finishedAt === null ? now.toISOString() : new Date(finishedAt).toISOString(),
        reason,
        detail: detail === null ? null : printable(detail),
        exit_code: state?.exit_code ?? null,
        served_ms: meter?.body.served_ms ?? 0,
        meter,
        journaled: false,
      },
    });
    this.#begun.resolve();
    this.#log.info({ reason, exit_code: state?.exit_code ?? null, served_ms: served }, 'lease has ended');
    await this.#journalEnd();
    this.#deps.onChange();
  }

  /** After a crash between the two writes the same line may come twice; it is the same evidence. */
  async #journalEnd(): Promise<void> {
    const { end } = this.#record;
    if (end === null || end.journaled) return;
    if (end.meter !== null) await this.#deps.journal.append(end.meter as Statement<'meter'>); // written by #end
    await this.#save({ end: { ...end, journaled: true } });
  }

  async #findContainer(): Promise<string | undefined> {
    const own = await this.#deps.engine.list();
    return own.find((container) => container.lease_id === this.id)?.container_id;
  }

  #servedMs(): number {
    const { ready } = this.#record;
    return ready === null ? 0 : servedMs(ready, this.#meter.highestMs(), instantNow(this.#deps.clock));
  }

  #show(
    phase: LeaseReport['phase'],
    pulled: number | null = this.#progress.pulled_bytes,
    total: number | null = this.#progress.total_bytes,
  ): void {
    this.#progress = { phase, pulled_bytes: pulled, total_bytes: total };
    this.#deps.onProgress();
  }

  /** Writes come one after the other, each of the record as it then is. */
  #save(change: Partial<LeaseRecord>): Promise<void> {
    this.#record = { ...this.#record, ...change };
    this.#saving = this.#saving.catch(() => undefined).then(() => this.#deps.records.save(this.#record));
    return this.#saving;
  }
}
