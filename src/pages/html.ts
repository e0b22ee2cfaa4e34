/** The parts of a page as HTML. Every text is escaped here and nowhere else. */
import { replaceControls } from '../characters.ts';
import type { Action, Block, Fact, Form, PageRecord } from './content.ts';

/**
 * A text for HTML; a control character in it is no part of a page.
 * Attack: a user name or host with markup in it would run as a script of this site.
 */
export function escapeHtml(text: string): string {
  return replaceControls(text).replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

export function renderBlocks(blocks: readonly Block[]): string {
  return each(blocks, renderBlock);
}

/** Links and buttons; nothing where there are none. */
export function renderActions(actions: readonly Action[]): string {
  return actions.length === 0 ? '' : `<div class="actions">${each(actions, renderAction)}</div>\n`;
}

const each = <T>(list: readonly T[], render: (item: T) => string) => list.map(render).join('');

function renderBlock(block: Block): string {
  if (typeof block === 'string') return `<p>${escapeHtml(block)}</p>\n`;
  if ('facts' in block) return renderFacts(block.facts);
  if ('list' in block) return `<ul>\n${each(block.list, (text) => `<li>${escapeHtml(text)}</li>\n`)}</ul>\n`;
  if ('records' in block) return `<ul class="records">\n${each(block.records, renderRecord)}</ul>\n`;
  if ('section' in block) {
    return `<section>\n<h2>${escapeHtml(block.section)}</h2>\n${renderBlocks(block.blocks)}</section>\n`;
  }
  if ('details' in block) {
    const open = block.open ? ' open' : '';
    const inner = renderBlocks(block.blocks);
    return `<details${open}>\n<summary>${escapeHtml(block.details)}</summary>\n${inner}</details>\n`;
  }
  return renderActions(block.actions);
}

function renderFacts(facts: readonly Fact[]): string {
  return facts.length === 0 ? '' : `<dl>\n${each(facts, renderFact)}</dl>\n`;
}

function renderFact([name, value]: Fact): string {
  const values = typeof value === 'string' ? [value] : value;
  return `<dt>${escapeHtml(name)}</dt>${each(values, (one) => `<dd>${escapeHtml(one)}</dd>`)}\n`;
}

function renderRecord({ name, mark, facts = [], actions = [] }: PageRecord): string {
  const tag = mark === undefined ? '' : ` <span class="mark">${escapeHtml(mark)}</span>`;
  return `<li>\n<h3>${escapeHtml(name)}${tag}</h3>\n${renderFacts(facts)}${renderActions(actions)}</li>\n`;
}

function renderAction(action: Action): string {
  return 'href' in action ? `<a href="${escapeHtml(action.href)}">${escapeHtml(action.text)}</a>` : renderForm(action);
}

function renderForm({ text, action, fields = {}, about }: Form): string {
  const inputs = each(
    Object.entries(fields),
    ([name, value]) => `<input type="hidden" name="${escapeHtml(name)}" value="${escapeHtml(value)}">`,
  );
  const rest = about === undefined ? '' : `<span class="hidden"> ${escapeHtml(about)}</span>`;
  return `<form method="post" action="${escapeHtml(action)}">${inputs}<button>${escapeHtml(text)}${rest}</button></form>`;
}
