import { EngineError } from '../engine-error.ts';
import { asEngineError, engineMessage } from './client.ts';

/** In the words of docker, runc and crun. Without the `exec` in front the same words tell of files of the engine's own. */
const NO_COMMAND =
  /executable file .*not found|no command specified|(exec:? .*|open executable: )(no such file or directory|permission denied|is a directory|exec format error)/i;

/** Users, groups and working directories that the image cannot have, in the words of each engine: the renter's doing. */
const OF_THE_SPEC = new RegExp(
  [
    'unable to find (user|group)',
    'no matching entries in (passwd|group)',
    'uids and gids must be in range',
    'invalid working directory|working directory .* is invalid|chdir to cwd|find initial working directory',
    'cannot mkdir: |container init: mkdir |lstat \\S+/merged/.*: not a directory', // docker, runc
    'workdir "[^"]*" exists|creating container \\w+ workdir: ', // podman
  ].join('|'),
  'i',
);

/** Why a container could not be created or started, from the words of the engine and its runtime. */
export function startError(error: unknown, what: 'create' | 'start'): EngineError {
  if (error instanceof EngineError) return error;
  const message = engineMessage(error);
  const say = (reason: ConstructorParameters<typeof EngineError>[0]) =>
    new EngineError(reason, message, { cause: error });
  if (
    /could not select device driver|CDI device|nvidia-container-cli|no such device|gathering device information/i.test(
      message,
    )
  ) {
    return say('device_unavailable');
  }
  if (NO_COMMAND.test(message)) return say('command_not_found');
  if (OF_THE_SPEC.test(message)) {
    return say('command_failed');
  }
  if (/no such image/i.test(message)) return say('image_not_found');
  if (/no space left/i.test(message)) return say('engine_unavailable');
  return asEngineError(error, what);
}
