// The step summaries' Markdown, as far as people use it there. Builds elements, never HTML from text.

import { h } from "preact";

type Element = JSX.Element | string;

const kInline = /`([^`]+)`|\*\*([^*]+)\*\*|\*([^*\s][^*]*)\*|(!?)\[([^\]]*)\]\(([^)\s]+)[^)]*\)/g;

function linked(isImage: boolean, text: string, target: string): Element {
  if (isImage) return /^data:image\/(svg\+xml|png);base64,/.test(target) ? <img src={target} alt={text} /> : text;
  return /^https?:\/\//.test(target) ? <a href={target} rel="noopener noreferrer">{text}</a> : text;
}

function inline(text: string): Element[] {
  const parts: Element[] = [];
  let at = 0;
  for (const match of text.matchAll(kInline)) {
    if (match.index !== at) parts.push(text.slice(at, match.index));
    at = (match.index || 0) + match[0].length;
    if (match[1] !== undefined) parts.push(<code>{match[1]}</code>);
    else if (match[2] !== undefined) parts.push(<strong>{match[2]}</strong>);
    else if (match[3] !== undefined) parts.push(<em>{match[3]}</em>);
    else parts.push(linked(match[4] === "!", match[5], match[6]));
  }
  parts.push(text.slice(at));
  return parts;
}

function cells(line: string): string[] {
  return line.trim().replace(/^\||\|$/g, "").split("|").map((cell) => cell.trim());
}

function table(lines: string[]): Element {
  const [head, , ...rows] = lines.map(cells);
  return (
    <table>
      <thead><tr>{head.map((cell) => <th>{inline(cell)}</th>)}</tr></thead>
      <tbody>{rows.map((row) => <tr>{row.map((cell) => <td>{inline(cell)}</td>)}</tr>)}</tbody>
    </table>
  );
}

function heading(level: number, text: string): Element {
  const content = inline(text);
  return level === 1 ? <h3>{content}</h3> : level === 2 ? <h4>{content}</h4> : <h5>{content}</h5>;
}

/** Lines that belong together, from `at` on; as long as `holds` does. */
function taken(lines: string[], at: number, holds: (line: string) => boolean): string[] {
  let end = at;
  while (end < lines.length && holds(lines[end])) ++end;
  return lines.slice(at, end);
}

export function Markdown({ text }: { text: string }) {
  const lines = text.split("\n");
  const blocks: Element[] = [];
  for (let i = 0; i < lines.length; ++i) {
    const line = lines[i];
    const title = /^(#{1,6}) +(.*)$/.exec(line);
    if (title) {
      blocks.push(heading(title[1].length, title[2]));
    } else if (/^(```|~~~)/.test(line)) {
      const code = taken(lines, i + 1, (one) => !one.startsWith(line.slice(0, 3)));
      blocks.push(<pre>{code.join("\n")}</pre>);
      i += code.length + 1;
    } else if (/^\s*[-*+] /.test(line)) {
      const items = taken(lines, i, (one) => /^\s*[-*+] /.test(one));
      blocks.push(<ul>{items.map((item) => <li>{inline(item.replace(/^\s*[-*+] (\[[ x]\] )?/, ""))}</li>)}</ul>);
      i += items.length - 1;
    } else if (line.includes("|") && /^[\s|:-]+$/.test(lines[i + 1] || "") && (lines[i + 1] || "").includes("-")) {
      const rows = taken(lines, i, (one) => one.includes("|"));
      blocks.push(table(rows));
      i += rows.length - 1;
    } else if (line.trim()) {
      const paragraph = taken(lines, i, (one) => one.trim() !== "" && !/^(#{1,6} |```|~~~|\s*[-*+] )/.test(one));
      blocks.push(<p>{inline(paragraph.join("\n"))}</p>);
      i += Math.max(0, paragraph.length - 1);
    }
  }
  return <div class="markdown">{blocks}</div>;
}
