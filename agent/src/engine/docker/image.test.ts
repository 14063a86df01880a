import { describe, expect, test } from 'vitest';
import { PullProgress, pullError } from './image.ts';

describe('the progress of a pull', () => {
  const layer = (id: string, status: string, current?: number, total?: number) => ({
    id,
    status,
    ...(current !== undefined && { progressDetail: { current, ...(total !== undefined && { total }) } }),
  });

  test('adds up its layers, and knows the total once every layer has said its size', () => {
    const progress = new PullProgress();
    expect(progress.bytes()).toEqual({ pulled_bytes: null, total_bytes: null });
    progress.add(layer('a', 'Pulling fs layer'));
    progress.add(layer('b', 'Pulling fs layer'));
    progress.add(layer('a', 'Downloading', 10, 100));
    expect(progress.bytes()).toEqual({ pulled_bytes: 10, total_bytes: null });
    progress.add(layer('b', 'Downloading', 5, 50));
    expect(progress.bytes()).toEqual({ pulled_bytes: 15, total_bytes: 150 });
    progress.add(layer('a', 'Download complete'));
    progress.add(layer('b', 'Downloading', 30, 50));
    expect(progress.bytes()).toEqual({ pulled_bytes: 130, total_bytes: 150 });
    progress.add(layer('a', 'Extracting', 1, 100));
    progress.add(layer('b', 'Pull complete'));
    expect(progress.bytes()).toEqual({ pulled_bytes: 150, total_bytes: 150 });
  });

  test('a layer too small to be announced counts as nothing, and other lines change nothing', () => {
    const progress = new PullProgress();
    progress.add(layer('a', 'Pulling fs layer'));
    expect(progress.add(layer('a', 'Pull complete'))).toBe(true);
    expect(progress.bytes()).toEqual({ pulled_bytes: 0, total_bytes: 0 });
    expect(progress.add({ status: 'Digest: sha256:1' })).toBe(false);
    expect(progress.add(layer('latest', 'Pulling from library/x'))).toBe(false);
    expect(progress.add(layer('old', 'Already exists'))).toBe(false);
  });
});

describe('why a pull failed', () => {
  test.each([
    ['manifest for x:1 not found: manifest unknown: manifest unknown', false, 'image_not_found'],
    [
      "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      false,
      'image_not_found',
    ],
    [
      "pull access denied for x, repository does not exist or may require 'docker login': denied: requested access to the resource is denied",
      true,
      'image_auth_failed',
    ],
    ['unauthorized: authentication required', false, 'image_auth_failed'],
    ['Get "https://r.example/v2/": unauthorized: incorrect username or password', true, 'image_auth_failed'],
    ['Get "https://r.example/v2/": dial tcp: lookup r.example: no such host', false, 'image_pull_failed'],
    ['Get "https://r.example/v2/": net/http: TLS handshake timeout', false, 'image_pull_failed'],
    ['write /var/lib/docker/tmp/x: no space left on device', false, 'image_pull_failed'],
    ['toomanyrequests: You have reached your pull rate limit', false, 'image_pull_failed'],
    ['no matching manifest for linux/arm64/v8 in the manifest list entries', false, 'image_not_found'],
    ['something new', false, 'image_pull_failed'],
  ])('%s (credentials: %s)', (message, withAuth, reason) => {
    expect(pullError(new Error(message), 'x:1', withAuth)).toMatchObject({ reason, message: `x:1: ${message}` });
  });
});
