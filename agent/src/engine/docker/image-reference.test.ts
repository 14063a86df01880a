import { expect, test } from 'vitest';
import { parseImageReference } from './image-reference.ts';

const digest = `sha256:${'a'.repeat(64)}`;

test.each([
  ['busybox', 'busybox:latest', 'docker.io/busybox'],
  ['library/busybox:1.36', 'library/busybox:1.36', 'docker.io/busybox'],
  ['docker.io/library/busybox', 'docker.io/library/busybox:latest', 'docker.io/busybox'],
  ['index.docker.io/me/app:2', 'index.docker.io/me/app:2', 'docker.io/me/app'],
  ['me/app', 'me/app:latest', 'docker.io/me/app'],
  ['registry.example:5000/a/b/c:v1.2_x', 'registry.example:5000/a/b/c:v1.2_x', 'registry.example:5000/a/b/c'],
  ['localhost/app', 'localhost/app:latest', 'localhost/app'],
  [`ghcr.io/me/app@${digest}`, `ghcr.io/me/app@${digest}`, 'ghcr.io/me/app'],
  [`ghcr.io/me/app:1@${digest}`, `ghcr.io/me/app:1@${digest}`, 'ghcr.io/me/app'],
])('%s', (text, name, repository) => {
  expect(parseImageReference(text)).toMatchObject({ name, repository });
});

test.each([
  digest,
  '',
  'Not A Name',
  '../containers/x',
  'a/../b',
  'a//b',
  'UPPER',
  'a:b:c',
  '-a',
  'a?b=c',
  'a#b',
  'a%2e',
  `a@sha256:${'a'.repeat(63)}`,
  'a\n',
  `${'a'.repeat(600)}`,
])('is no name: %s', (text) => {
  expect(parseImageReference(text)).toBeUndefined();
});
