/**
 * SIGHUP, from the first line of the program on: it asks for the configuration to be loaded anew, and ends nothing, not
 * during the start, nor at the end, nor in a worker that gets it with all processes of the service.
 */

let isWanted = false;
let answer = () => {
  isWanted = true;
};

// Other commands end with their terminal.
if (process.argv.includes('serve')) process.on('SIGHUP', () => answer());

/** @param reload is called for each SIGHUP from now on, and for those that have come before */
export function onHangup(reload: () => void): void {
  answer = reload;
  if (isWanted) reload();
}
