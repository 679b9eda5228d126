// Where the jobs of a run stand when they are drawn: a column for each distance from the beginning.

export interface Node {
  key: string;
  needs: string[];
}

export interface Place {
  column: number;
  row: number;
}

export interface Layout {
  places: Map<string, Place>;
  columns: number;
  rows: number;
}

function columnsOf(nodes: Node[]): Map<string, number> {
  const byKey = new Map(nodes.map((node) => [node.key, node]));
  const columns = new Map<string, number>();
  // With a stack of its own: a thousand jobs in a row are no reason to end.
  for (const start of nodes) {
    const stack = [start.key];
    while (stack.length > 0) {
      const key = stack[stack.length - 1];
      const needs = (byKey.get(key)?.needs || []).filter((need) => byKey.has(need));
      const open = needs.filter((need) => !columns.has(need) && !stack.includes(need));
      if (open.length > 0 && !columns.has(key)) {
        stack.push(...open.slice(0, 1));
        continue;
      }
      columns.set(key, needs.reduce((most, need) => Math.max(most, (columns.get(need) ?? -1) + 1), 0));
      stack.pop();
    }
  }
  return columns;
}

export function layOut(nodes: Node[]): Layout {
  const columns = columnsOf(nodes);
  const places = new Map<string, Place>();
  const byColumn: Node[][] = [];
  for (const node of nodes) {
    const column = columns.get(node.key) || 0;
    (byColumn[column] = byColumn[column] || []).push(node);
  }
  let rows = 0;
  byColumn.forEach((members, column) => {
    // Beside what it needs, so that few lines cross; else in the order of the file.
    const wish = new Map(members.map((node, index) => {
      const rowsOfNeeds = node.needs.map((need) => places.get(need)?.row).filter((row) => row !== undefined) as number[];
      const middle = rowsOfNeeds.reduce((sum, row) => sum + row, 0) / (rowsOfNeeds.length || 1);
      return [node.key, rowsOfNeeds.length ? middle : index];
    }));
    members.sort((a, b) => (wish.get(a.key) as number) - (wish.get(b.key) as number));
    members.forEach((node, row) => places.set(node.key, { column, row }));
    rows = Math.max(rows, members.length);
  });
  return { places, columns: byColumn.length, rows };
}
