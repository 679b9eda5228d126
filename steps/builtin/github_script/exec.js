'use strict';
// What scripts know as @actions/exec: a program run with its output in the log.

const os = require('os');
const path = require('path');
const { spawn } = require('child_process');
const { StringDecoder } = require('string_decoder');
const io = require('./io.js');

// Words by blanks; quotes keep blanks, a backslash keeps a quote.
function splitCommandLine(line) {
  const words = [];
  let word = '';
  let quoted = false;
  let begun = false;
  for (let i = 0; i < line.length; ++i) {
    const c = line[i];
    if (c === '\\' && line[i + 1] === '"' && quoted) {
      word += '"';
      ++i;
    } else if (c === '"') {
      quoted = !quoted;
      begun = true;
    } else if (c === ' ' && !quoted) {
      if (begun || word) words.push(word);
      word = '';
      begun = false;
    } else {
      word += c;
    }
  }
  if (begun || word) words.push(word.trim());
  return words;
}

// Whole lines to a listener; what is left at the end is one too.
function lineSplitter(listener) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return {
    add(data) {
      const parts = (rest + decoder.write(data)).split(os.EOL);
      rest = parts.pop();
      parts.forEach((line) => listener(line));
    },
    end() {
      rest += decoder.end();
      if (rest) listener(rest);
    },
  };
}

async function exec(commandLine, args = [], options = {}) {
  const words = splitCommandLine(commandLine);
  if (words.length === 0) throw new Error("Parameter 'commandLine' cannot be null or empty.");
  const listeners = options.listeners || {};
  let program = words[0];
  if (program.includes('/') && !path.isAbsolute(program)) program = path.resolve(options.cwd || process.cwd(), program);
  else program = await io.which(program, true);
  const argv = [...words.slice(1), ...(args || [])];
  const out = options.outStream || process.stdout;
  const err = options.errStream || process.stderr;
  if (!options.silent) out.write(`[command]${[program, ...argv].join(' ')}${os.EOL}`);
  const lines = lineSplitter((line) => listeners.stdline && listeners.stdline(line));
  const errorLines = lineSplitter((line) => listeners.errline && listeners.errline(line));
  return new Promise((resolve, reject) => {
    let wroteError = false;
    const child = spawn(program, argv, { cwd: options.cwd, env: options.env || process.env });
    child.stdout.on('data', (data) => {
      if (listeners.stdout) listeners.stdout(data);
      if (!options.silent) out.write(data);
      lines.add(data);
    });
    child.stderr.on('data', (data) => {
      wroteError = true;
      if (listeners.stderr) listeners.stderr(data);
      if (!options.silent) (options.failOnStdErr ? err : options.errStream || out).write(data);
      errorLines.add(data);
    });
    child.stdin.on('error', () => {});
    child.stdin.end(options.input);
    child.on('error', (error) => {
      reject(new Error(`There was an error when attempting to execute the process '${program}'. This may indicate the process failed to start. Error: ${error.message}`));
    });
    child.on('close', (code, signal) => {
      lines.end();
      errorLines.end();
      const exitCode = code === null ? 128 + (os.constants.signals[signal] || 0) : code;
      if (exitCode !== 0 && !options.ignoreReturnCode) reject(new Error(`The process '${program}' failed with exit code ${exitCode}`));
      else if (wroteError && options.failOnStdErr) reject(new Error(`The process '${program}' failed because one or more lines were written to the STDERR stream`));
      else resolve(exitCode);
    });
  });
}

async function getExecOutput(commandLine, args, options = {}) {
  const stdout = [];
  const stderr = [];
  const listeners = {
    ...options.listeners,
    stdout: (data) => {
      stdout.push(data);
      if (options.listeners && options.listeners.stdout) options.listeners.stdout(data);
    },
    stderr: (data) => {
      stderr.push(data);
      if (options.listeners && options.listeners.stderr) options.listeners.stderr(data);
    },
  };
  const exitCode = await exec(commandLine, args, { ...options, listeners });
  return { exitCode, stdout: Buffer.concat(stdout).toString(), stderr: Buffer.concat(stderr).toString() };
}

module.exports = { exec, getExecOutput };
