/** The test provider's memory: plain maps that outlive a change of its keys. */

type Row = Record<string, unknown> & { grantId?: string; uid?: string; userCode?: string; consumed?: number };

/** An adapter factory for `oidc-provider` over one map. */
export function createStorage() {
  const rows = new Map<string, Row>();
  const byField = (model: string, field: keyof Row, value: unknown) => {
    for (const [key, row] of rows) if (key.startsWith(`${model}:`) && row[field] === value) return row;
    return undefined;
  };
  return (model: string) => ({
    upsert: async (id: string, row: Row) => void rows.set(`${model}:${id}`, row),
    find: async (id: string) => rows.get(`${model}:${id}`),
    findByUid: async (uid: string) => byField(model, 'uid', uid),
    findByUserCode: async (code: string) => byField(model, 'userCode', code),
    destroy: async (id: string) => void rows.delete(`${model}:${id}`),
    consume: async (id: string) => {
      const row = rows.get(`${model}:${id}`);
      if (row) row.consumed = Math.floor(Date.now() / 1000);
    },
    revokeByGrantId: async (grantId: string) => {
      for (const [key, row] of rows) if (row.grantId === grantId) rows.delete(key);
    },
  });
}
