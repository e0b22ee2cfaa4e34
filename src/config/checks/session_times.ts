/** Warns of lifetimes of sessions that do not do what they say. */
import type { Report } from '../problems.ts';
import type { Config } from '../schema/config.ts';

export function warnOfSessionTimes(applications: Config['applications'], report: Report): void {
  applications.forEach(({ session_lifetime, session_max_age }, index) => {
    if (session_lifetime === undefined || session_lifetime <= session_max_age) return;
    const why = 'has a session_lifetime longer than its session_max_age: with a refresh token';
    report(['applications', index], `${why} its sessions end at session_max_age`);
  });
}
