// Colours of terminals (ECMA-48 SGR) as spans with classes. Everything else that escapes is dropped.

export interface Span {
  text: string;
  classes: string;
}

interface Style {
  foreground: string;
  background: string;
  flags: Set<string>;
}

const kEscape = /\x1b(?:\[([0-9;:]*)m|\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-_])/g;
const kFlags: Record<number, string> = { 1: "bold", 2: "dim", 3: "italic", 4: "underline", 9: "strike" };
const kFlagsOff: Record<number, string[]> = { 22: ["bold", "dim"], 23: ["italic"], 24: ["underline"], 29: ["strike"] };

function classesOf(style: Style): string {
  return [style.foreground, style.background, ...style.flags].filter(Boolean).join(" ");
}

/** The classes have the 16 colours of terminals; of the 256 and the millions the nearest of these is taken. */
function nearest(codes: number[]): number {
  if (codes[0] === 5) {
    const color = codes[1];
    if (color < 16) return color;
    if (color >= 232) return color >= 244 ? 7 : 8;
    const level = color - 16;
    return fromRgb(Math.floor(level / 36) * 51, (Math.floor(level / 6) % 6) * 51, (level % 6) * 51);
  }
  return fromRgb(codes[1], codes[2], codes[3]);
}

function fromRgb(red: number, green: number, blue: number): number {
  const most = Math.max(red, green, blue);
  if (most < 64) return 8;
  const bit = (value: number, weight: number) => (value > most / 2 ? weight : 0);
  return bit(red, 1) + bit(green, 2) + bit(blue, 4) + (most > 192 ? 8 : 0);
}

function apply(style: Style, codes: number[]): void {
  for (let i = 0; i < codes.length; ++i) {
    const code = codes[i];
    if (code === 0) {
      style.foreground = style.background = "";
      style.flags.clear();
    } else if (kFlags[code]) {
      style.flags.add(kFlags[code]);
    } else if (kFlagsOff[code]) {
      for (const flag of kFlagsOff[code]) style.flags.delete(flag);
    } else if ((code >= 30 && code <= 37) || (code >= 90 && code <= 97)) {
      style.foreground = `fg${code >= 90 ? code - 82 : code - 30}`;
    } else if ((code >= 40 && code <= 47) || (code >= 100 && code <= 107)) {
      style.background = `bg${code >= 100 ? code - 92 : code - 40}`;
    } else if (code === 39) {
      style.foreground = "";
    } else if (code === 49) {
      style.background = "";
    } else if (code === 38 || code === 48) {
      const length = codes[i + 1] === 5 ? 2 : 4;
      const color = nearest(codes.slice(i + 1, i + 1 + length));
      if (code === 38) style.foreground = `fg${color}`;
      else style.background = `bg${color}`;
      i += length;
    }
  }
}

export function spansOf(line: string): Span[] {
  const style: Style = { foreground: "", background: "", flags: new Set() };
  const spans: Span[] = [];
  let at = 0;
  const add = (text: string) => {
    if (text) spans.push({ text, classes: classesOf(style) });
  };
  for (const match of line.matchAll(kEscape)) {
    add(line.slice(at, match.index));
    at = (match.index || 0) + match[0].length;
    if (match[1] !== undefined) apply(style, match[1].split(/[;:]/).map(Number));
  }
  add(line.slice(at));
  return spans;
}
