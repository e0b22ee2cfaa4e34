/** Warns of rules that open more than they say, and of rules that no request reaches. */
import { type Report, show } from '../problems.ts';
import { isAnchored, matchesEveryPath } from './anchors.ts';
import type { ValidApplication } from './types.ts';

type Rule = NonNullable<ValidApplication['access']>[number];

/** The keys of a rule that are about the user or what happens; every other one is about the request. */
const NOT_OF_THE_REQUEST = ['policy', 'groups', 'users', 'emails', 'claims', 'email_verified'];

/** `\.(css|js)$`: the end of a name is meant, wherever the file lies. */
const FILE_TYPES = /^(?:\(\?i\))?(?:\\\.|\[\.\])[\w()|?:]+(?:\$|\\z)$/;

export function warnOfOpenRules(applications: readonly ValidApplication[], report: Report): void {
  applications.forEach((application, index) => {
    const warn: Report = (path, message) => report(['applications', index, ...path], message);
    warnOfSkippedPaths(application, warn);
    application.access?.forEach((rule, at) => {
      if (isOpen(rule)) warnOfPath(rule, ['access', at], warn);
    });
    warnOfOrder(application.access ?? [], warn);
  });
}

function isOpen({ policy }: Rule): boolean {
  return policy === 'public' || policy === 'optional';
}

function warnOfSkippedPaths({ skip_path_regex = [], mode }: ValidApplication, warn: Report): void {
  skip_path_regex.forEach((pattern, at) => {
    const path = ['skip_path_regex', at];
    if (matchesEveryPath(pattern)) warn(path, `${show(pattern)} matches every path: no request needs a login`);
    else if (mode === 'forward_domain' && /^(?:\^|\\A)\\?\//.test(pattern)) {
      warn(
        path,
        `${show(pattern)} is compared with the whole URL (https://host/path) in mode: forward_domain, so it matches none: begin it with ^https://[^/]+/`,
      );
    } else warnOfAnchor(pattern, mode === 'forward_domain' ? 'URL' : 'path', path, warn);
  });
}

function warnOfPath({ path }: Rule, at: (string | number)[], warn: Report): void {
  if (path !== undefined && !matchesEveryPath(path)) warnOfAnchor(path, 'path', [...at, 'path'], warn);
}

/** Attack: an application that serves /admin/api beside /api, or takes /admin/x.css for /admin (wrong at many peers). */
function warnOfAnchor(pattern: string, what: string, at: (string | number)[], warn: Report): void {
  if (isAnchored(pattern) || FILE_TYPES.test(pattern)) return;
  const literal = /^\/[\w/-]*/.exec(pattern)?.[0];
  const example = literal === undefined ? '' : `, in /admin${literal} too`;
  warn(at, `${show(pattern)} opens every ${what} in which it matches anywhere${example}: begin it with ^`);
}

/** A rule after one that matches the same requests, or all, decides nothing. */
function warnOfOrder(rules: readonly Rule[], warn: Report): void {
  const first = new Map<string, number>();
  for (const [at, rule] of rules.entries()) {
    if (at < rules.length - 1 && matchesEveryRequest(rule)) {
      const does = isOpen(rule) ? 'lets every request in' : 'matches every request';
      warn(['access', at], `${does}, so that the rules after it are never reached: put it last`);
      return;
    }
    const request = JSON.stringify(requestPart(rule));
    const same = first.get(request);
    if (same === undefined) first.set(request, at);
    else warn(['access', at], `is never reached: access[${same}] matches the same requests and stands before it`);
  }
}

function requestPart(rule: Rule): [string, unknown][] {
  return Object.entries(rule).filter(([key, value]) => value !== undefined && !NOT_OF_THE_REQUEST.includes(key));
}

function matchesEveryRequest(rule: Rule): boolean {
  return requestPart(rule).every(([key, value]) => key === 'path' && matchesEveryPath(String(value)));
}
