/**
 * Prints the bill of materials (CycloneDX) of what users install. `npm sbom --omit=dev` leaves out what a tool of developers
 * needs as well (koa, jose): so the whole is made, and what npm marks as for development alone is taken out.
 */
import { execFileSync } from 'node:child_process';
import { isObject } from '../src/json.ts';

const FOR_DEVELOPERS = 'cdx:npm:package:development';

function isForDevelopers({ properties }: Record<string, unknown>): boolean {
  return Array.isArray(properties) && properties.some((one) => isObject(one) && one.name === FOR_DEVELOPERS);
}

const objects = (list: unknown) => (Array.isArray(list) ? list.filter(isObject) : []);

const whole: unknown = JSON.parse(
  execFileSync('npm', ['sbom', '--sbom-format=cyclonedx'], { encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 }),
);
if (!isObject(whole)) throw new Error('npm sbom printed no object');
const components = objects(whole.components).filter((one) => !isForDevelopers(one));
const kept = new Set(components.map((one) => one['bom-ref']));
const ownRef =
  isObject(whole.metadata) && isObject(whole.metadata.component) ? whole.metadata.component['bom-ref'] : '';
const dependencies = objects(whole.dependencies)
  .filter(({ ref }) => ref === ownRef || kept.has(ref))
  .map((one) => ({
    ...one,
    dependsOn: Array.isArray(one.dependsOn) ? one.dependsOn.filter((ref) => kept.has(ref)) : [],
  }));
console.log(JSON.stringify({ ...whole, components, dependencies }, null, 2));
