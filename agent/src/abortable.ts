/** Work that cannot be aborted is left behind: rejects with the signal's reason `afterMs` after it aborts. */
export async function abortable<Result>(work: Promise<Result>, signal: AbortSignal, afterMs = 0): Promise<Result> {
  work.catch(() => undefined); // nobody may be waiting any more when it fails
  let timer: NodeJS.Timeout | undefined;
  let abandon: (() => void) | undefined;
  try {
    return await Promise.race([
      work,
      new Promise<never>((_resolve, reject) => {
        abandon = () => (timer = setTimeout(() => reject(signal.reason), afterMs));
        if (signal.aborted) abandon();
        else signal.addEventListener('abort', abandon, { once: true });
      }),
    ]);
  } finally {
    clearTimeout(timer);
    if (abandon !== undefined) signal.removeEventListener('abort', abandon);
  }
}
